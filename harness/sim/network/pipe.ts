/**
 * One direction of a connection: what goes in comes out in order, each after a while; nothing is lost but by a cut.
 *
 * `rate` bounds how fast the other end takes it: what it has not taken yet waits at this end, where it counts as buffered. A
 * stall holds everything up for a time, as a network does that loses packets and sends them again.
 */
import type { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { SeededRandom } from '../environment/seeded-random.ts';

export interface PipeOptions {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly mostDelayMs: () => number;
}

interface Parcel {
  readonly bytes: number;
  readonly arrive: () => void;
}

export class Pipe {
  readonly #options: PipeOptions;
  readonly #waiting: Parcel[] = [];
  readonly #underWay: Parcel[] = [];
  #buffered = 0;
  #lastArrivalMs = 0;
  #stalledUntilMs = 0;
  #isCut = false;
  #isSending = false;
  /** Bytes a second; null: as fast as they come. */
  rate: number | null = null;
  /** Told when what was buffered has been taken. */
  drained: () => void = () => undefined;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  get buffered(): number {
    return this.#buffered;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  get isStalled(): boolean {
    return !this.#isCut && this.#options.time.nowMs() < this.#stalledUntilMs;
  }

  send(bytes: number, arrive: () => void): void {
    if (this.#isCut) return;
    const parcel = { bytes, arrive };
    if (this.rate === null && this.#waiting.length === 0) {
      this.#leave(parcel);
      return;
    }
    this.#waiting.push(parcel);
    this.#buffered += bytes;
    this.#sendNext();
  }

  #sendNext(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#isSending) return;
    this.#isSending = true;
    const takesMs = this.rate === null ? 0 : Math.ceil((next.bytes * 1_000) / this.rate);
    this.#options.time.after(takesMs, () => {
      this.#isSending = false;
      if (this.#isCut) return;
      this.#waiting.shift();
      this.#buffered -= next.bytes;
      this.#leave(next);
      if (this.#waiting.length === 0) this.drained();
      else this.#sendNext();
    });
  }

  #leave(parcel: Parcel): void {
    const { time, random, mostDelayMs } = this.#options;
    this.#underWay.push(parcel);
    const nowMs = time.nowMs();
    const arrivalMs = Math.max(this.#lastArrivalMs, this.#stalledUntilMs, nowMs + random.delay(mostDelayMs()));
    this.#lastArrivalMs = arrivalMs;
    // Whichever timer of one moment comes first brings the parcel that left first.
    time.after(arrivalMs - nowMs, () => {
      if (!this.#isCut) this.#underWay.shift()!.arrive();
    });
  }

  stall(forMs: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#options.time.nowMs() + forMs);
  }

  /** What is under way is lost, and whatever comes after. */
  cut(): void {
    this.#isCut = true;
    this.#waiting.length = 0;
    this.#underWay.length = 0;
    this.#buffered = 0;
  }
}
