/** The bounds of a log: what it takes at once, what it holds while the store is on its way, and how far a clock may be ahead. */
export interface LogLimits {
  /** Key and value of one record. Below Kafka's `max.message.bytes` (1 MiB) with room for a batch's framing. */
  readonly maxRecordBytes: number;
  /** Records that were appended and not settled yet, in all topics together. */
  readonly maxQueuedRecords: number;
  /** Their bytes. */
  readonly maxQueuedBytes: number;
  /** Records of one group, which is sent or committed at once. */
  readonly maxGroupRecords: number;
  /** Bytes of one group. A group may fall into a single partition, so it must fit in one batch of the broker. */
  readonly maxGroupBytes: number;
  /** How far a record's timestamp may be ahead of the log's own clock (design rule 2). */
  readonly maxTimestampAheadMs: number;
}

const mebibyte = 1_048_576;

export const defaultLogLimits: LogLimits = {
  maxRecordBytes: mebibyte / 2,
  maxQueuedRecords: 50_000,
  maxQueuedBytes: 64 * mebibyte,
  maxGroupRecords: 2_000,
  maxGroupBytes: 900_000,
  maxTimestampAheadMs: 5_000,
};
