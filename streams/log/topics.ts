/** The topics of a cell (design section 4). */
import type { TopicSpec } from './log.ts';

const dayMs = 86_400_000;

export const topics = {
  messages: 'chat.messages',
  receipts: 'chat.receipts',
  presence: 'chat.presence',
  pushJobs: 'push.jobs',
  deadLetters: 'dead.letters',
  audit: 'chat.audit',
} as const;

/** Partition counts are fixed at birth: 12 in tests, 64 by default, 1,024 or more in a production cell. */
export function topicSpecs(partitions: number): TopicSpec[] {
  return [
    { topic: topics.messages, partitions, retentionMs: null, compacted: false },
    { topic: topics.receipts, partitions, retentionMs: null, compacted: true },
    { topic: topics.presence, partitions, retentionMs: 7 * dayMs, compacted: false },
    { topic: topics.pushJobs, partitions, retentionMs: 7 * dayMs, compacted: false },
    { topic: topics.deadLetters, partitions: 1, retentionMs: 30 * dayMs, compacted: false },
    // As many partitions as what it seals: a checkpoint lies in the partition of the same number.
    { topic: topics.audit, partitions, retentionMs: null, compacted: false },
  ];
}
