// A client of Node's own http2 for test_http2_clients.py: node http2.js URL. On one session it asks for 200 pages at once,
// sends content that it gets back, cancels a request, and sends a request with trailers; prints what came as JSON.
'use strict';
const http2 = require('http2');

const session = http2.connect(process.argv[2], { rejectUnauthorized: false });
const found = { pages: 0, echoed: 0, cancelled: false, trailers: null, after: 0, protocol: null };

function ask(headers, content, options = {}) {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: content === undefined, waitForTrailers: !!options.trailers });
    const chunks = [];
    let status = 0;
    let trailers = null;
    if (options.trailers) stream.on('wantTrailers', () => stream.sendTrailers(options.trailers));
    stream.on('response', (fields) => { status = fields[':status']; });
    stream.on('trailers', (fields) => { trailers = fields; });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => resolve({ status, trailers, body: Buffer.concat(chunks) }));
    stream.on('error', reject);
    if (content !== undefined) stream.end(content);
  });
}

function cancel() {
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/hold' });
    stream.on('error', () => {});
    stream.on('close', () => resolve(true));
    setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL));
  });
}

async function main() {
  const pages = await Promise.all(Array.from({ length: 200 }, (_, i) => ask({ ':path': `/bytes/${1000 + i}` })));
  found.pages = pages.filter((page, i) => page.status === 200 && page.body.length === 1000 + i).length;
  const content = Buffer.alloc(300000, 'c');
  const echo = await ask({ ':method': 'POST', ':path': '/echo/' }, content);
  found.echoed = echo.body.equals(content) ? echo.body.length : -1;
  found.cancelled = await cancel();
  await ask({ ':method': 'POST', ':path': '/echo/' }, 'abc', { trailers: { 'x-sum': '1' } });
  found.trailers = (await ask({ ':path': '/chunks/10' })).trailers['x-sum'];
  found.after = (await ask({ ':path': '/' })).status;
  found.protocol = session.alpnProtocol;
  session.close();
  console.log(JSON.stringify(found));
}

main().catch((error) => { console.error(error); process.exit(1); });
