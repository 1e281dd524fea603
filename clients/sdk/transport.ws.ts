/** Transport for Node, over the ws library. */
import WebSocket from 'ws';
import type { Transport, TransportHandlers, TransportSocket } from './transport.ts';

export const nodeTransport: Transport = {
  open(url: string, protocols: readonly string[], handlers: TransportHandlers): TransportSocket {
    const socket = new WebSocket(url, [...protocols], { perMessageDeflate: false, handshakeTimeout: 10_000 });
    socket.on('open', () => handlers.opened());
    socket.on('message', (data: Buffer) => handlers.received(data));
    socket.on('close', (code, reason) => handlers.closed(code, reason.toString()));
    // Every error is followed by close, which is where it is handled; without a listener it would end the process.
    socket.on('error', () => undefined);
    return {
      send: (bytes) => socket.send(bytes),
      close: (code, reason) => socket.close(code, reason),
    };
  },
};
