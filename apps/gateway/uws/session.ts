/** One WebSocket of uWebSockets.js, as the `Socket` that a connection writes to. */
import type uWS from 'uWebSockets.js';
import type { Connection } from '../connection.ts';
import type { Admission } from '../sessions/admissions.ts';
import type { SendResult, Socket } from '../socket.ts';

/** By uWebSockets.js's numbers: 0 backpressure builds up, 1 sent, 2 dropped. */
const results: readonly SendResult[] = ['queued', 'sent', 'dropped'];

/** uWebSockets.js copies the members of user data onto its own object: so the session is a member, not the data itself. */
export interface SessionData {
  readonly session: UwsSession;
}

export type UwsWebSocket = uWS.WebSocket<SessionData>;

export class UwsSession implements Socket {
  /** Until the socket is open. */
  admission: Admission | null;
  connection: Connection | null = null;
  #ws: UwsWebSocket | null = null;

  constructor(admission: Admission) {
    this.admission = admission;
  }

  opened(ws: UwsWebSocket): void {
    this.#ws = ws;
  }

  /** The native socket must not be touched after its close event. */
  closed(): void {
    this.#ws = null;
  }

  send(bytes: Buffer | string): SendResult {
    if (this.#ws === null) return 'dropped';
    return results[this.#ws.send(bytes, typeof bytes !== 'string', false)]!;
  }

  cork(run: () => void): void {
    this.#ws?.cork(run);
  }

  close(code: number, reason: string): void {
    this.#ws?.end(code, reason);
  }

  bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }
}
