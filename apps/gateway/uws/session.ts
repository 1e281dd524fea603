/**
 * One WebSocket of uWebSockets.js, as the `Socket` that a connection writes to.
 *
 * What it is sent waits for the end of the turn (turn-flush.ts), so `send` says `sent` before it knows. Should the socket turn out
 * to be full then, uWebSockets.js closes it, and what the device did not acknowledge is settled like at any other close.
 */
import type uWS from 'uWebSockets.js';
import type { Connection } from '../connection.ts';
import type { Admission } from '../sessions/admissions.ts';
import type { SendResult, Socket } from '../socket.ts';
import type { TurnFlush, TurnSender } from './turn-flush.ts';

/** uWebSockets.js copies the members of user data onto its own object: so the session is a member, not the data itself. */
export interface SessionData {
  readonly session: UwsSession;
}

export type UwsWebSocket = uWS.WebSocket<SessionData>;

/** As much as uWebSockets.js corks into one buffer. */
const maxWaitingBytes = 16 * 1024;

export class UwsSession implements Socket, TurnSender {
  /** Until the socket is open. */
  admission: Admission | null;
  connection: Connection | null = null;
  readonly #turn: TurnFlush;
  #ws: UwsWebSocket | null = null;
  #waiting: (Buffer | string)[] | null = null;
  #waitingBytes = 0;

  constructor(admission: Admission, turn: TurnFlush) {
    this.admission = admission;
    this.#turn = turn;
  }

  opened(ws: UwsWebSocket): void {
    this.#ws = ws;
  }

  /** The native socket must not be touched after its close event. */
  closed(): void {
    this.#ws = null;
    this.#waiting = null;
  }

  send(bytes: Buffer | string): SendResult {
    if (this.#ws === null) return 'dropped';
    if (this.#waiting === null) {
      this.#waiting = [];
      this.#turn.add(this);
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes < maxWaitingBytes) return 'sent';
    this.#turn.flush(this);
    return this.bufferedBytes() > 0 ? 'queued' : 'sent';
  }

  get waitingCount(): number {
    return this.#waiting?.length ?? 0;
  }

  sendWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#waitingBytes = 0;
    // A send may find the socket dead, and end the session.
    for (const bytes of waiting ?? []) this.#ws?.send(bytes, typeof bytes !== 'string', false);
  }

  cork(run: () => void): void {
    this.#ws?.cork(run);
  }

  close(code: number, reason: string): void {
    this.sendWaiting();
    this.#ws?.end(code, reason);
  }

  /** What waits for the end of the turn is not counted: it says nothing of how fast the device takes it. */
  bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }
}
