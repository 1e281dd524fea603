/**
 * One conversation's events from the log, decided again by the production fold: what it was at any offset, and what was said to each event.
 *
 * The partition is read from its beginning, because only that gives every state there was; records of other conversations are passed over
 * by their keys, undecoded. The fold is deterministic, so the verdicts are those that were given.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { decide, initialState } from '@parley/streams/conversation/decide';
import { evolve } from '@parley/streams/conversation/evolve';
import type { Outcome } from '@parley/streams/conversation/outcome';
import type { ConversationState } from '@parley/streams/conversation/state';
import type { LogReader, LogRecord } from '@parley/streams/log/log';
import { partitionOf } from '@parley/streams/log/partitioner';
import { topics } from '@parley/streams/log/topics';
import { decodeConversationRecords } from '@parley/streams/processors/conversation-decode';
import type { ProgressBar } from '../cli/progress.ts';

export interface FoldStep {
  readonly record: LogRecord;
  /** Null for a record that nobody can read: a dead letter. */
  readonly outcome: Outcome | null;
  readonly poison: ParleyError | null;
  /** After it. */
  readonly state: ConversationState;
}

export interface FoldOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly conversationId: string;
  /** Exclusive; to the end where it is absent. */
  readonly toOffset?: number;
  readonly bar: ProgressBar;
}

export async function partitionOfConversation(
  log: Pick<LogReader, 'partitionCount'>,
  conversationId: string,
): Promise<number> {
  return partitionOf(conversationId, await log.partitionCount(topics.messages));
}

export async function* foldConversation(options: FoldOptions): AsyncGenerator<FoldStep> {
  const { log, codec, conversationId, bar } = options;
  const partition = await partitionOfConversation(log, conversationId);
  const { earliest, end } = await log.bounds(topics.messages, partition);
  const toOffset = Math.min(options.toOffset ?? end, end);
  const key = Buffer.from(conversationId, 'latin1');
  const range = { topic: topics.messages, partition, from: { offset: earliest }, toOffset, maxBatchRecords: 1_000 };
  let state = initialState(conversationId);
  for await (const batch of toOffset > earliest ? log.read(range) : []) {
    for (const record of batch) {
      if (record.key === null || !record.key.equals(key)) continue;
      const step = await stepOf(codec, record, state);
      state = step.state;
      yield step;
    }
    bar.update(batch.at(-1)!.offset + 1 - earliest, toOffset - earliest, `${topics.messages}/${partition}`);
  }
  bar.end();
}

async function stepOf(codec: EventCodec, record: LogRecord, state: ConversationState): Promise<FoldStep> {
  let poison: ParleyError | null = null;
  const bury = (_record: LogRecord, error: ParleyError): Promise<void> => {
    poison = error;
    return Promise.resolve();
  };
  const [decoded] = await decodeConversationRecords([record], codec, { bury });
  if (decoded === undefined) return { record, outcome: null, poison, state };
  const outcome = decide(state, decoded.received);
  return { record, outcome, poison: null, state: evolve(state, outcome) };
}
