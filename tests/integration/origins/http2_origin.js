// A real HTTP/2 origin: in the clear, or over TLS with "CERTIFICATE KEY" as arguments. Says what it received, sends
// content back, waits, sends trailers and early hints. Prints its port when it listens. At SIGUSR2 it ends every
// connection as a graceful restart does, with a GOAWAY, and takes new ones.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const http2 = require('node:http2');

const [certificate, key, streams] = process.argv.slice(2);
const settings = streams ? { maxConcurrentStreams: Number(streams) } : {};
const sessions = new Set();
const waiting = [];
let connections = 0;
let most = 0;
let running = 0;
let resets = 0;

function json(response, value) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

const pages = {
  '/request'(request, response) {
    json(response, { method: request.method, url: request.url, version: request.httpVersion, headers: request.headers });
  },
  '/digest'(request, response) {
    const hash = crypto.createHash('sha256');
    let size = 0;
    request.on('data', (piece) => { hash.update(piece); size += piece.length; });
    request.on('end', () => json(response, { size, sha256: hash.digest('hex'), trailers: request.trailers }));
  },
  '/bytes'(request, response, query) {
    const size = Number(query.get('size'));
    response.writeHead(200, query.get('length') ? { 'content-length': size } : {});
    response.end(Buffer.alloc(size, 'weir'));
  },
  '/trailers'(request, response) {
    response.write('content');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  },
  '/hints'(request, response) {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    response.end('page');
  },
  '/nothing'(request, response) { response.writeHead(204); response.end(); },
  // For so long, or until so many wait.
  '/wait'(request, response, query) {
    most = Math.max(most, ++running);
    response.on('close', () => { running -= 1; });
    if (query.has('ms')) return setTimeout(() => response.end('late'), Number(query.get('ms')));
    waiting.push(response);
    if (waiting.length === Number(query.get('for'))) waiting.splice(0).forEach((each) => each.end('late'));
  },
  '/facts'(request, response) { json(response, { connections, most, resets }); },
};

function serve(request, response) {
  const url = new URL(request.url, 'http://origin');
  request.on('aborted', () => { resets += 1; });
  const page = pages[url.pathname] || ((_, answer) => answer.end('node'));
  page(request, response, url.searchParams);
}

const server = certificate && certificate !== '-'
  ? http2.createSecureServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key), settings }, serve)
  : http2.createServer({ settings }, serve);
server.on('session', (session) => {
  connections += 1;
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => {});
});
process.on('SIGUSR2', () => { for (const session of sessions) session.close(); });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
