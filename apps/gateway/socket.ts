/**
 * What a session needs of a network connection: uWebSockets.js in production, a pair of queues in the simulator.
 *
 * `close` ends the socket at once for the session: whoever implements it need not report that close back, though it may.
 */
export type SendResult =
  /** Handed to the network, or about to be at the end of the turn. */
  | 'sent'
  /** Buffered: the network does not keep up. `bufferedBytes` says how much waits. */
  | 'queued'
  /** Not sent and not buffered: the buffer's limit is reached, or the socket has ended. */
  | 'dropped';

export interface Socket {
  /** Text frames are given as strings. */
  send(bytes: Buffer | string): SendResult;
  close(code: number, reason: string): void;
  /** Bytes that wait for the network. */
  bufferedBytes(): number;
}
