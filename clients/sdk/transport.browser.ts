/** Transport for browsers (and Node 22 or later), over the platform's WebSocket. */
import type { Transport, TransportHandlers, TransportSocket } from './transport.ts';

interface PlatformSocket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number; reason: string }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

type PlatformWebSocket = new (url: string, protocols: string[]) => PlatformSocket;

export const browserTransport: Transport = {
  open(url: string, protocols: readonly string[], handlers: TransportHandlers): TransportSocket {
    const { WebSocket } = globalThis as unknown as { WebSocket: PlatformWebSocket };
    const socket = new WebSocket(url, [...protocols]);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => handlers.opened();
    socket.onmessage = (message) => handlers.received(new Uint8Array(message.data as ArrayBuffer));
    socket.onclose = (close) => handlers.closed(close.code, close.reason);
    return {
      send: (bytes) => socket.send(bytes),
      close: (code, reason) => socket.close(code, reason),
    };
  },
};
