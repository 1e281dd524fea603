/** How long to wait before a batch that its handler rejected comes again: doubling from 100 ms to 5 s, reset by a success. */
const firstMs = 100;
const greatestMs = 5_000;

export class BatchRetry {
  private failures = 0;

  nextDelayMs(): number {
    const delayMs = Math.min(firstMs * 2 ** this.failures, greatestMs);
    this.failures = Math.min(this.failures + 1, 16);
    return delayMs;
  }

  succeeded(): void {
    this.failures = 0;
  }
}
