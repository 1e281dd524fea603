/**
 * What the devices of a group saw: each message once at each device but its sender's, with its latency from the intended time.
 *
 * A hundred thousand deliveries a second are counted here, so a delivery is two array accesses: one byte for each device and message, and
 * one counter for each tenth of a millisecond. Percentiles are exact to that.
 */

export interface GroupTallyResult {
  readonly sent: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Came in a page, after the device had to catch up. */
  readonly by_catch_up: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly disconnects: number;
}

const tenthsKept = 300_000;

export class GroupTally {
  readonly #recipients: number;
  readonly #tenths = new Float64Array(tenthsKept + 1);
  #messages = 0;
  #seen: Uint8Array = new Uint8Array(0);
  #refused: Record<string, number> = {};
  #sent = 0;
  #accepted = 0;
  #delivered = 0;
  #duplicated = 0;
  #byCatchUp = 0;
  #disconnects = 0;
  #closing = false;

  /** @param devices that are online; each message is for all but one of them */
  constructor(devices: number) {
    this.#recipients = devices - 1;
    this.#seen = new Uint8Array(0);
  }

  /** Forgets what was counted; message indexes are below `messages` from now on. */
  restart(messages: number): void {
    this.#messages = messages;
    this.#seen = new Uint8Array((this.#recipients + 1) * messages);
    this.#tenths.fill(0);
    this.#refused = {};
    this.#sent = this.#accepted = this.#delivered = this.#duplicated = this.#byCatchUp = this.#disconnects = 0;
  }

  get isComplete(): boolean {
    return this.#accepted === this.#sent && this.#delivered === this.#sent * this.#recipients;
  }

  sent(): void {
    this.#sent++;
  }

  accepted(): void {
    this.#accepted++;
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

  delivered(device: number, message: number, latencyMs: number): void {
    const at = device * this.#messages + message;
    if (this.#seen[at] !== 0) {
      this.#duplicated++;
      return;
    }
    this.#seen[at] = 1;
    this.#delivered++;
    this.#tenths[Math.min(tenthsKept, Math.max(0, Math.round(latencyMs * 10)))]!++;
  }

  caughtUp(device: number, message: number, latencyMs: number): void {
    if (this.#seen[device * this.#messages + message] !== 0) return; // Pages overlap what came live.
    this.#byCatchUp++;
    this.delivered(device, message, latencyMs);
  }

  result(): GroupTallyResult {
    return {
      sent: this.#sent,
      accepted: this.#accepted,
      delivered: this.#delivered,
      lost: this.#sent * this.#recipients - this.#delivered,
      duplicated: this.#duplicated,
      by_catch_up: this.#byCatchUp,
      p50_ms: this.#at(0.5),
      p99_ms: this.#at(0.99),
      max_ms: this.#at(1),
      refused: this.#refused,
      disconnects: this.#disconnects,
    };
  }

  #at(share: number): number {
    const wanted = Math.ceil(this.#delivered * share);
    let counted = 0;
    for (let tenth = 0; tenth <= tenthsKept; tenth++) {
      counted += this.#tenths[tenth]!;
      if (counted >= wanted && counted > 0) return tenth / 10;
    }
    return 0;
  }
}
