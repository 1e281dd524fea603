/** A place where one side leaves a piece and waits until the other side has taken it: a stream without a buffer. */
import type { LogRecord } from '../log.ts';

export class Handover {
  private waitingTaker: ((records: readonly LogRecord[] | null) => void) | null = null;
  private fail: ((error: Error) => void) | null = null;
  private piece: { readonly records: readonly LogRecord[]; readonly taken: () => void } | null = null;
  private ended: { readonly error: Error | null } | null = null;

  /** Resolves when the other side has taken it, or wants no more. */
  give(records: readonly LogRecord[]): Promise<void> {
    if (this.ended !== null) return Promise.resolve();
    if (this.waitingTaker !== null) {
      const taker = this.waitingTaker;
      this.waitingTaker = null;
      taker(records);
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.piece = { records, taken };
    });
  }

  take(): Promise<readonly LogRecord[] | null> {
    const { piece, ended } = this;
    if (piece !== null) {
      this.piece = null;
      piece.taken();
      return Promise.resolve(piece.records);
    }
    if (ended !== null) return ended.error === null ? Promise.resolve(null) : Promise.reject(ended.error);
    return new Promise((resolve, reject) => {
      this.waitingTaker = resolve;
      this.fail = reject;
    });
  }

  end(error: Error | null): void {
    this.ended ??= { error };
    this.piece?.taken();
    if (error === null) this.waitingTaker?.(null);
    else this.fail?.(error);
    this.waitingTaker = null;
  }
}
