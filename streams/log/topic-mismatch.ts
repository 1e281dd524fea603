/** A topic's partition count is fixed at birth: another one would send the keys of old records to other partitions. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { TopicSpec } from './log.ts';

/** @throws ParleyError `topic_mismatch` */
export function checkPartitionCount(spec: TopicSpec, existing: number): void {
  if (existing === spec.partitions) return;
  throw new ParleyError('topic_mismatch', {
    detail: `${spec.topic} has ${existing} partitions, ${spec.partitions} are configured`,
  });
}
