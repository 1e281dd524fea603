/** The WebSocket handshake on a bare TCP socket: for clients that are to cost next to nothing. */
import type { Socket } from 'node:net';
import { subprotocols } from '@parley/schemas/codec/frame-codec';

export function handshakeRequest(host: string, token: string): string {
  return [
    'GET /v1/connect HTTP/1.1',
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${Buffer.from(crypto.randomUUID().slice(0, 16)).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Protocol: ${subprotocols.avro}`,
    `Authorization: Bearer ${token}`,
    '\r\n',
  ].join('\r\n');
}

const endOfHead = '\r\n\r\n';

/** What follows the head of the answer, once all of it is there. @throws if the server did not switch protocols */
export function afterHandshake(answer: Buffer): Buffer | null {
  const end = answer.indexOf(endOfHead);
  if (end < 0) return null;
  if (!answer.subarray(0, 13).equals(Buffer.from('HTTP/1.1 101 ')))
    throw new Error(`the upgrade was refused: ${answer.toString('latin1').slice(0, 200)}`);
  return answer.subarray(end + endOfHead.length);
}

/** Resolves when the server has switched protocols; the socket flows on, so that frames that nobody reads fill no buffer. */
export function handshake(socket: Socket, host: string, token: string): Promise<void> {
  socket.write(handshakeRequest(host, token));
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const read = (data: Buffer): void => {
      answer = Buffer.concat([answer, data]);
      try {
        if (afterHandshake(answer) === null) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      socket.off('data', read);
      socket.off('error', reject);
      socket.resume();
    };
    socket.on('data', read);
    socket.once('error', reject);
  });
}
