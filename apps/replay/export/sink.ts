/** Where exported records go, a batch at a time; a sink says when it can take more. */
import type { DecodedRecord } from '../reading/decode-record.ts';

export interface ExportSink {
  write(records: readonly DecodedRecord[]): Promise<void>;
  /** Completes what was written. */
  end(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}
