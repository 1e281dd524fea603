/**
 * The server's time as this device sees it, for message ids: a device's clock may be a minute off, the window is 30 s.
 * Hello gives a first estimate; a pong, whose round trip is known, gives a better one.
 */
import type { Clock } from '@parley/schemas/environment/clock';

export class ServerClock implements Clock {
  readonly #local: Clock;
  #offsetMs = 0;

  constructor(local: Clock) {
    this.#local = local;
  }

  nowMs(): number {
    return this.#local.nowMs() + this.#offsetMs;
  }

  /** From hello: the frame was under way for an unknown while. */
  observe(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - this.#local.nowMs();
  }

  /** From pong: assume that both ways took the same. */
  observeRoundTrip(sentAtLocalMs: number, serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - Math.round((sentAtLocalMs + this.#local.nowMs()) / 2);
  }
}
