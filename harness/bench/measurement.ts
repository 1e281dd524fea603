/** What a load generator saw: latencies from the intended send time, and each message counted once. */
import { build, type Histogram } from 'hdr-histogram-js';

/** Milliseconds since the epoch, with fractions. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

export interface MeasurementResult {
  readonly sent: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly lost: number;
  /** Sent and not accepted. */
  readonly withoutVerdict: number;
  readonly duplicated: number;
  readonly receipts: number;
  readonly disconnects: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

const maxTenths = 10_000_000;

export class Measurement {
  /** In tenths of a millisecond. */
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: maxTenths,
    numberOfSignificantValueDigits: 3,
  });
  #seen: Uint8Array;
  #refused: Record<string, number> = {};
  #sent = 0;
  #accepted = 0;
  #delivered = 0;
  #duplicated = 0;
  #receipts = 0;
  #disconnects = 0;
  #closing = false;

  constructor(messages: number) {
    this.#seen = new Uint8Array(messages);
  }

  /** Forgets what was measured: the warm-up is over. */
  restart(messages: number): void {
    this.#histogram.reset();
    this.#seen = new Uint8Array(messages);
    this.#refused = {};
    this.#sent = this.#accepted = this.#delivered = this.#duplicated = this.#receipts = this.#disconnects = 0;
  }

  get isComplete(): boolean {
    return this.#delivered === this.#sent && this.#accepted === this.#sent;
  }

  sent(): void {
    this.#sent++;
  }

  accepted(): void {
    this.#accepted++;
  }

  receipt(): void {
    this.#receipts++;
  }

  refused(code: string): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  disconnected(): void {
    if (!this.#closing) this.#disconnects++;
  }

  closing(): void {
    this.#closing = true;
  }

  delivered(index: number, intendedAtMs: number): void {
    if (this.#seen[index] !== 0) {
      this.#duplicated++;
      return;
    }
    this.#seen[index] = 1;
    this.#delivered++;
    const tenths = Math.round((nowMs() - intendedAtMs) * 10);
    this.#histogram.recordValue(Math.min(Math.max(1, tenths), maxTenths));
  }

  result(): MeasurementResult {
    const at = (percentile: number): number => this.#histogram.getValueAtPercentile(percentile) / 10;
    return {
      sent: this.#sent,
      accepted: this.#accepted,
      delivered: this.#delivered,
      lost: this.#sent - this.#delivered,
      withoutVerdict: this.#sent - this.#accepted,
      duplicated: this.#duplicated,
      receipts: this.#receipts,
      disconnects: this.#disconnects,
      refused: this.#refused,
      p50_ms: at(50),
      p99_ms: at(99),
      max_ms: this.#histogram.maxValue / 10,
    };
  }
}
