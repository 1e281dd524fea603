/** What turns the records of one topic into rows of the generation that is filled. */
import type { LogRecord } from '@parley/streams/log/log';

export interface Fold {
  readonly topic: string;
  /** Records of one partition in order of offset. Resolves when their rows are written. */
  apply(partition: number, records: readonly LogRecord[]): Promise<void>;
  /** Everything that was applied is durable, so that a position may be saved that says so. */
  checkpoint(partition: number): Promise<void>;
}
