/** The network as a parameter: what the client needs of a WebSocket, in Node, in a browser and in the simulator. */
export interface TransportSocket {
  send(bytes: Uint8Array): void;
  close(code: number, reason: string): void;
}

export interface TransportHandlers {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** Once, whatever ended it; also when it never opened (code 1006). */
  closed(code: number, reason: string): void;
}

export interface Transport {
  open(url: string, protocols: readonly string[], handlers: TransportHandlers): TransportSocket;
}
