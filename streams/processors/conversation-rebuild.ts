/**
 * States whose saved layout this build does not read, folded again from the partition's records.
 *
 * The log is the source and a snapshot only its cache, so a new layout needs no migration: the first batch that touches such
 * conversations reads the partition once from its beginning, up to the offset that each snapshot stood for, and the next
 * checkpoint saves the new layout. That is slow, and right; a deployment that changes the layout replays first.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { decide } from '../conversation/decide.ts';
import { evolve } from '../conversation/evolve.ts';
import { initialState } from '../conversation/state.ts';
import type { Log, RecordBatch } from '../log/log.ts';
import { decodeConversationRecords } from './conversation-decode.ts';
import type { WorkingStates } from './conversation-states.ts';
import type { PoisonSink } from './decode-batch.ts';

/** Poison below a saved offset was buried when it was met first. */
const alreadyBuried: PoisonSink = { bury: () => Promise.resolve() };

export interface RebuildSource {
  readonly log: Pick<Log, 'read' | 'bounds'>;
  readonly codec: EventCodec;
}

/** @throws ParleyError `unavailable` if the log no longer holds the partition's beginning */
export async function rebuildStates(
  { log, codec }: RebuildSource,
  { topic, partition, heartbeat }: Pick<RecordBatch, 'topic' | 'partition' | 'heartbeat'>,
  offsets: ReadonlyMap<string, number>,
): Promise<WorkingStates> {
  const { earliest } = await log.bounds(topic, partition);
  if (earliest > 0) throw new ParleyError('unavailable', { detail: `${topic}/${partition} begins at ${earliest}` });
  const states: WorkingStates = new Map();
  for (const id of offsets.keys()) states.set(id, { state: initialState(id), offset: -1 });
  const toOffset = Math.max(...offsets.values()) + 1;
  for await (const records of log.read({ topic, partition, from: { offset: 0 }, toOffset })) {
    for (const { conversationId, offset, received } of await decodeConversationRecords(records, codec, alreadyBuried)) {
      if (offset > (offsets.get(conversationId) ?? -1)) continue;
      const { state } = states.get(conversationId)!;
      states.set(conversationId, { state: evolve(state, decide(state, received)), offset });
    }
    await heartbeat();
  }
  return states;
}
