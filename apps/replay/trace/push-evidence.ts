/** Which push jobs there are for a message: its own for each device, and later ones of the conversation, which tell the device as well. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { PushReason } from '@parley/schemas/generated/events';
import type { LogReader } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { topics } from '@parley/streams/log/topics';
import { decodeRecord } from '../reading/decode-record.ts';
import { offsetOf } from '../reading/point.ts';

export interface FoundJob {
  readonly job_id: string;
  readonly user_id: string;
  readonly device_id: string;
  readonly seq: number;
  readonly partition: number;
  readonly offset: number;
  readonly appended_at_ms: number;
  readonly reason: PushReason;
  readonly attempt: number;
  /** True if the pushers' committed offset is above it: it was sent or dropped. Null where that is not known. */
  readonly taken: boolean | null;
}

/** Jobs are stamped by the clock of whoever appends them, which may be a little behind. */
const clockSlackMs = 60_000;
const maxJobsPerDevice = 10;

export interface PushQuestion {
  readonly conversationId: string;
  readonly seq: number;
  readonly userIds: readonly string[];
  /** Since the message was appended. */
  readonly sinceMs: number;
  readonly pushedUpTo: (partition: number) => Promise<number | null>;
}

/** In order of partition and offset; of each device no more than the first few. */
export async function pushJobsOf(
  { log, codec }: { readonly log: LogReader; readonly codec: EventCodec },
  question: PushQuestion,
): Promise<readonly FoundJob[]> {
  const { conversationId, seq, userIds, sinceMs } = question;
  const count = await log.partitionCount(topics.pushJobs);
  const users = new Set(userIds);
  const jobs: FoundJob[] = [];
  const perDevice = new Map<string, number>();
  for (const partition of new Set(userIds.map((userId) => partitionOf(userId, count)))) {
    const place = { topic: topics.pushJobs, partition };
    const { end } = await log.bounds(topics.pushJobs, partition);
    const fromOffset = await offsetOf(log, place, { timeMs: Math.max(0, sinceMs - clockSlackMs) });
    if (fromOffset >= end) continue;
    const pushedUpTo = await question.pushedUpTo(partition);
    for await (const batch of log.read({ ...place, from: { offset: fromOffset }, toOffset: end })) {
      for (const record of batch) {
        if (!users.has(record.key?.toString('latin1') ?? '')) continue;
        const { event } = await decodeRecord(codec, record);
        if (event?.name !== 'push_job') continue;
        const job = event.event;
        if (job.conversation_id !== conversationId || job.seq < seq) continue;
        const known = perDevice.get(job.recipient_device_id) ?? 0;
        perDevice.set(job.recipient_device_id, known + 1);
        if (known >= maxJobsPerDevice) continue;
        jobs.push({
          ...{ job_id: job.job_id, user_id: job.recipient_user_id, device_id: job.recipient_device_id, seq: job.seq },
          ...{ partition, offset: record.offset, appended_at_ms: record.timestampMs },
          ...{
            reason: job.reason,
            attempt: job.attempt,
            taken: pushedUpTo === null ? null : record.offset < pushedUpTo,
          },
        });
      }
    }
  }
  return jobs;
}
