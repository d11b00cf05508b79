// A real HTTP/1.1 origin for the forwarding tests: says what it received, sends content back, waits, sends trailers
// and early hints. Prints its port when it listens. What became of the last slow transfer is told under /fate.
'use strict';
const crypto = require('node:crypto');
const http = require('node:http');

let fate = 'none';

function json(response, value) {
  const text = JSON.stringify(value);
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const pages = {
  '/request'(request, response) {
    json(response, { method: request.method, url: request.url, version: request.httpVersion,
                     fields: request.rawHeaders });
  },
  '/digest'(request, response) {
    const hash = crypto.createHash('sha256');
    let size = 0;
    request.on('data', (piece) => { hash.update(piece); size += piece.length; });
    request.on('end', () => json(response, { size, sha256: hash.digest('hex'), fields: request.rawHeaders,
                                             trailers: request.rawTrailers }));
  },
  '/echo'(request, response) {
    const length = request.headers['content-length'];
    response.writeHead(200, length === undefined ? {} : { 'Content-Length': length });
    request.pipe(response);
  },
  '/trailers'(request, response) {
    response.writeHead(200, { Trailer: 'X-Sum' });
    response.write('content');
    response.addTrailers({ 'X-Sum': '42' });
    response.end();
  },
  '/hints'(request, response) {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => response.end('page'));
  },
  '/fields'(request, response) {
    response.writeHead(200, ['X-First', '1', 'x-SECOND', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2',
                             'Keep-Alive', 'timeout=9', 'X-Private', 'p', 'Connection', 'keep-alive, X-Private',
                             'Content-Length', '2']);
    response.end('ok');
  },
  '/bytes'(request, response, query) {
    const size = Number(query.get('size'));
    response.writeHead(200, { 'Content-Length': size });
    response.end(Buffer.alloc(size, 'weir'));
  },
  '/wait'(request, response, query) {
    setTimeout(() => response.end('late'), Number(query.get('ms')));
  },
  '/drip'(request, response, query) {
    const count = Number(query.get('count'));
    response.writeHead(200, { 'Content-Length': count * 1000 });
    fate = 'running';
    let sent = 0;
    const timer = setInterval(() => {
      response.write(Buffer.alloc(1000, 'd'));
      if (++sent === count) { clearInterval(timer); response.end(); }
    }, Number(query.get('every')));
    response.on('close', () => { clearInterval(timer); fate = sent === count ? 'whole' : 'cut'; });
  },
  '/fate'(request, response) { json(response, { fate }); },
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://origin');
  const page = pages[url.pathname] || ((_, answer) => { answer.writeHead(200); answer.end('node'); });
  page(request, response, url.searchParams);
});
server.on('checkContinue', (request, response) => {
  if (request.headers['x-refuse']) {
    response.writeHead(403, { 'Content-Length': 2, Connection: 'close' });
    response.end('no');
    return;
  }
  response.writeContinue();
  server.emit('request', request, response);
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
