/** Asks a broker whether it serves clients. */
import { Buffer } from 'node:buffer';
import { connect } from 'node:net';

/** How long a broker may take to answer one question (ms). */
const ANSWER_MS = 2_000;

/**
 * Whether a broker answers the request ApiVersions on this port of loopback. The port is open long before that: requests are answered
 * only after the broker has registered with the controllers and is allowed to serve.
 */
export function answers(port) {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once('error', () => end(false)).once('close', () => end(false));
    socket.once('connect', () => socket.write(apiVersionsRequest()));
    // Length, correlation id, error code: 0 is success.
    socket.once('data', (data) => end(data.length >= 10 && data.readInt16BE(8) === 0));
  });
}

/** Length, key 18, version 0, correlation id 1, no client id. */
function apiVersionsRequest() {
  const request = Buffer.alloc(14);
  request.writeInt32BE(10, 0);
  request.writeInt16BE(18, 4);
  request.writeInt16BE(0, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  return request;
}
