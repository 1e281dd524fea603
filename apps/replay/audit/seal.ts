/** `audit seal` and `audit follow`: extend the chain to where the log ends now, or on and on. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { PartitionSealer } from '@parley/streams/audit/partition-sealer';
import type { Log } from '@parley/streams/log/log';
import { topicSpecs, topics } from '@parley/streams/log/topics';
import type { CommandResult } from '../cli/command.ts';
import type { ProgressBar } from '../cli/progress.ts';
import type { AuditedPartition } from './scope.ts';

export interface SealOptions {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly partitions: readonly AuditedPartition[];
  readonly bar: ProgressBar;
  /** What is sealed stays so; the next seal goes on. */
  readonly signal: AbortSignal;
}

/** A cell that was set up before there was an audit gets its topic here. */
export async function ensureAuditTopic(log: Log): Promise<void> {
  const partitions = await log.partitionCount(topics.messages);
  await log.ensureTopics(topicSpecs(partitions).filter(({ topic }) => topic === topics.audit));
}

export async function seal(options: SealOptions): Promise<CommandResult> {
  const { log, codec, clock, partitions, bar } = options;
  let records = 0;
  let checkpoints = 0;
  const sealed = (count: number): void => {
    records += count;
    checkpoints += 1;
  };
  const sealedTo: Record<string, number> = {};
  for (const [index, { topic, partition }] of partitions.entries()) {
    if (options.signal.aborted) break;
    const sealer = await PartitionSealer.open({ log, codec, clock, sealed }, topic, partition);
    const { end } = await log.bounds(topic, partition);
    if (end < sealer.head.toOffset) {
      const detail = `${topic}/${partition} ends at ${end}, before ${sealer.head.toOffset}, up to which it was sealed`;
      throw new ParleyError('conflict', { detail: `${detail}: see audit verify` });
    }
    await sealer.readTo(end);
    await sealer.seal();
    sealedTo[`${topic}/${partition}`] = sealer.head.toOffset;
    bar.update(index + 1, partitions.length, `${topic}/${partition}`);
  }
  bar.end();
  return {
    ok: Object.keys(sealedTo).length === partitions.length,
    summary: { partitions: partitions.length, records, checkpoints, sealed_to: sealedTo },
    lines: [`${records} records sealed by ${checkpoints} checkpoints in ${partitions.length} partitions.`],
  };
}
