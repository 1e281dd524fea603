/** Which partitions an audit is about: all of every sealed topic, or those that were asked for. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { sealedTopics } from '@parley/streams/audit/audit-follower';
import type { LogReader } from '@parley/streams/log/log';

export interface AuditedPartition {
  readonly topic: string;
  readonly partition: number;
}

/** @throws ParleyError `not_found` for a topic that is not sealed, or a partition that is not there */
export async function auditedPartitions(
  log: Pick<LogReader, 'partitionCount'>,
  asked: { readonly topic?: string | undefined; readonly partition?: number | undefined },
): Promise<AuditedPartition[]> {
  if (asked.topic !== undefined && !sealedTopics.includes(asked.topic)) {
    throw new ParleyError('not_found', { detail: `${asked.topic} is not sealed; ${sealedTopics.join(', ')} is` });
  }
  const found: AuditedPartition[] = [];
  for (const topic of asked.topic === undefined ? sealedTopics : [asked.topic]) {
    const count = await log.partitionCount(topic);
    for (let partition = 0; partition < count; partition++) {
      if (asked.partition === undefined || asked.partition === partition) found.push({ topic, partition });
    }
  }
  if (found.length === 0) throw new ParleyError('not_found', { detail: `no partition ${asked.partition}` });
  return found;
}
