/**
 * Waits until the generation that is read holds everything of the log below an end.
 *
 * It does where its group has committed so far. The group of chat.messages may be there without having committed: the state of a busy
 * conversation is saved later than its batch, once the partition is quiet, and an offset is committed only with a batch (ADR 5). Then
 * the states themselves are asked: rows are written before the state that includes them is saved, so a conversation whose saved state
 * includes its last record has all its rows.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { decodeConversationRecords } from '@parley/streams/processors/conversation-decode';
import { alreadyBuried } from '../rebuild/conversation-fold.ts';
import type { OpenedGeneration } from './access.ts';

export interface LiveEndOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly live: OpenedGeneration;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** The groups by which the live generation is filled. */
const liveGroups = [
  { topic: topics.messages, group: 'conversation' },
  { topic: topics.receipts, group: 'receipts' },
] as const;

const withinMs = 60_000;
const askAgainMs = 100;
/** What a caught-up group may not have committed is far less: beyond it the group is behind, and is waited for. */
const maxUncommitted = 10_000;

/** @throws ParleyError `unavailable` if that takes too long */
export async function liveReachesTheEnd(options: LiveEndOptions): Promise<void> {
  const { log, clock, timers, signal } = options;
  const untilMs = clock.nowMs() + withinMs;
  for (const { topic, group } of liveGroups) {
    const partitions = await log.partitionCount(topic);
    for (let partition = 0; partition < partitions; partition++) {
      const { earliest, end } = await log.bounds(topic, partition);
      while (end > earliest) {
        const committed = (await log.committed(group, topic, partition)) ?? earliest;
        if (committed >= end || (await statesInclude(options, { topic, partition, from: committed, end }))) break;
        signal.throwIfAborted();
        if (clock.nowMs() > untilMs)
          throw new ParleyError('unavailable', { detail: `${group} has not reached ${end} in ${topic}/${partition}` });
        await pause(timers, askAgainMs);
      }
    }
  }
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
}

async function statesInclude(
  { log, codec, live }: LiveEndOptions,
  { topic, partition, from, end }: Range,
): Promise<boolean> {
  if (topic !== topics.messages || end - from > maxUncommitted) return false;
  const last = new Map<string, number>();
  for await (const records of log.read({ topic, partition, from: { offset: from }, toOffset: end })) {
    for (const { conversationId, offset } of await decodeConversationRecords(records, codec, alreadyBuried))
      last.set(conversationId, offset);
  }
  const ids = [...last.keys()];
  const states = await live.projections.foldState.load(ids);
  return ids.every((conversationId, index) => (states[index]?.offset ?? -1) >= last.get(conversationId)!);
}
