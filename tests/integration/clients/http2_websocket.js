// A WebSocket client on Node's own http2 for test_h2_tunnels.py: node http2_websocket.js URL. Opens one by extended CONNECT,
// has a large message echoed and the server close it, asks for a protocol that nobody serves; prints what came as JSON.
'use strict';
const crypto = require('crypto');
const http2 = require('http2');

const session = http2.connect(process.argv[2], { rejectUnauthorized: false });
const found = {};

function frame(opcode, payload) {
  const head = Buffer.alloc(payload.length < 126 ? 2 : 10);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 127);
  if (payload.length >= 126) head.writeBigUInt64BE(BigInt(payload.length), 2);
  const mask = crypto.randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]);
}

// Calls each(opcode, payload) for every frame that is whole; returns what is left.
function take(bytes, each) {
  while (bytes.length >= 2) {
    const short = bytes[1] & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return bytes;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + size) return bytes;
    each(bytes[0] & 0x0f, bytes.subarray(head, head + size));
    bytes = bytes.subarray(head + size);
  }
  return bytes;
}

function connect(protocol) {
  return session.request({ ':method': 'CONNECT', ':protocol': protocol, ':path': '/socket', 'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat' }, { endStream: false });
}

function talk() {
  return new Promise((resolve, reject) => {
    const stream = connect('websocket');
    const content = Buffer.alloc(300000, 'm');
    let bytes = Buffer.alloc(0);
    stream.on('response', (fields) => {
      found.status = fields[':status'];
      found.protocol = fields['sec-websocket-protocol'];
      stream.write(frame(2, content));
    });
    stream.on('data', (some) => {
      bytes = take(Buffer.concat([bytes, some]), (opcode, payload) => {
        if (opcode === 2) {
          found.echoed = payload.equals(content) ? payload.length : -1;
          stream.write(frame(1, Buffer.from('close 4001 go away')));
        } else if (opcode === 8) {
          found.closed = [payload.readUInt16BE(0), payload.subarray(2).toString()];
          stream.end(frame(8, payload));
        }
      });
    });
    stream.on('end', resolve);
    stream.on('error', reject);
  });
}

function denied() {
  return new Promise((resolve, reject) => {
    const stream = connect('irc');
    stream.on('response', (fields) => { found.denied = fields[':status']; });
    stream.on('close', resolve);
    stream.on('error', reject);
    stream.resume();
  });
}

session.on('remoteSettings', async (settings) => {
  found.offered = settings.enableConnectProtocol;
  try {
    await talk();
    await denied();
    session.close();
    console.log(JSON.stringify(found));
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
