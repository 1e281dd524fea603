/**
 * The ids that a conversation decided in the last 120 s of T, in the order in which they were decided.
 *
 * Immutable: adding and pruning give a new value that shares the old one's sealed chunks, so that a step of the fold copies at
 * most one chunk however many ids the window holds. What a value holds never depends on how it was cut into chunks.
 */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';

export interface RecentDecision {
  readonly messageId: string;
  /** T of the decision. */
  readonly atMs: number;
  /** 0 if refused. */
  readonly seq: number;
  readonly ordinal: number;
  readonly refused: ErrorCode | null;
  readonly payloadHash: Buffer;
}

export interface RecentDecisions {
  readonly size: number;
  find(messageId: string): RecentDecision | undefined;
  add(decision: RecentDecision): RecentDecisions;
  /** Without decisions whose T is before the time. */
  prune(beforeMs: number): RecentDecisions;
  [Symbol.iterator](): Iterator<RecentDecision>;
}
