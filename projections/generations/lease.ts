/**
 * A process's right to use the projection pointer as it knows it: for so long after it last read it, and no longer.
 *
 * The pointer is read every second. What was read counts from when the question was asked, so that an answer that took long is no
 * younger than it is. A process that could not read it for `leaseMs`, or that was frozen, neither reads nor writes projections until it
 * has read it again; so `settleMs` after a change everybody is known to go by the new one. A clock that was set back would make the
 * lease longer, so a time before it began ends it. A new pointer takes effect in one moment, after its generations were opened.
 */
import type { Clock, TimerHandle, Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import type { PointerStore, ProjectionPointer } from './pointer.ts';

export const pollMs = 1_000;
export const leaseMs = 5_000;
/** How long after a change nobody goes by the old pointer any more; with room for clocks that run unevenly. */
export const settleMs = 2 * leaseMs;

export interface LeaseOptions {
  readonly store: Pick<PointerStore, 'read' | 'readNow'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Makes the pointer what is used, before it resolves. */
  readonly adopt: (pointer: ProjectionPointer) => Promise<void>;
}

export class PointerLease {
  readonly #options: LeaseOptions;
  #adopted = -1;
  /** When what is adopted was asked for. */
  #heldFromMs = Number.POSITIVE_INFINITY;
  #timer: TimerHandle | null = null;
  #polling: Promise<void> | null = null;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Resolves when the pointer was read and adopted for the first time. */
  async start(): Promise<void> {
    await this.renew();
    this.#timer = this.#options.timers.every(pollMs, () => this.#poll());
  }

  /** @throws ParleyError `unavailable` while the pointer may have changed without our knowing */
  check(): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs >= this.#heldFromMs && nowMs < this.#heldFromMs + leaseMs) return;
    // Where asking costs nothing, a process that was busy for long need not wait for its turn.
    if (this.#options.store.readNow?.().version === this.#adopted) {
      this.#heldFromMs = nowMs;
      return;
    }
    throw new ParleyError('unavailable', {
      detail: 'the projection pointer was not read lately',
      retryAfterMs: pollMs,
    });
  }

  async renew(): Promise<void> {
    const { store, clock, adopt } = this.#options;
    const askedMs = clock.nowMs();
    const pointer = await store.read();
    if (pointer.version !== this.#adopted) {
      await adopt(pointer);
      this.#adopted = pointer.version;
    }
    this.#heldFromMs = askedMs;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#polling;
  }

  #poll(): void {
    this.#polling ??= this.renew()
      .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'the projection pointer could not be read'))
      .finally(() => {
        this.#polling = null;
      });
  }
}
