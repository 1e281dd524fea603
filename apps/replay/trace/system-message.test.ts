import type { ReceivedEvent } from '@parley/streams/conversation/outcome';
import {
  added,
  alice,
  bob,
  carol,
  created,
  group,
  numbered,
  removed,
  sent,
} from '@parley/streams/conversation/story.fixture';
import type { LogReader, LogRecord, ReadOptions } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { codec } from '@parley/streams/processors/processor.fixture';
import { describe, expect, it } from 'vitest';
import { foldConversation } from '../reading/conversation-fold.ts';
import { ConversationView } from '../show/conversation-view.ts';
import { conversationOfMessage } from './find-message.ts';
import { Verdicts } from './verdicts.ts';

const bar = { update: () => undefined, end: () => undefined };
const events: readonly ReceivedEvent[] = [
  numbered(created(1, alice, bob, carol), { title: 'Tea' }),
  sent({ conversation_id: group, sender_id: alice }),
  numbered(removed(2, bob)),
  numbered(added(3, bob)),
];

/** One partition with these events. */
function logOf(all: readonly ReceivedEvent[]): LogReader {
  const records = all.map(({ name, event, receivedAtMs }, offset): LogRecord => {
    const value = codec.encode(name, event as never);
    return { topic: topics.messages, partition: 0, offset, timestampMs: receivedAtMs, key: Buffer.from(group), value };
  });
  return {
    partitionCount: async () => 1,
    bounds: async () => ({ earliest: 0, end: records.length }),
    committed: async () => null,
    close: async () => undefined,
    async *read({ from, toOffset }: ReadOptions) {
      const isIn = ({ offset, timestampMs }: LogRecord) =>
        'offset' in from ? offset >= from.offset : timestampMs >= from.timeMs;
      const found = records.slice(0, toOffset).filter(isIn);
      if (found.length > 0) yield found;
    },
  };
}

async function shown() {
  const view = new ConversationView({ limit: 10, beforeSeq: null, bodies: false });
  for await (const step of foldConversation({ log: logOf(events), codec, conversationId: group, bar })) view.take(step);
  return view;
}

describe('a system message', () => {
  it('is shown at its place, without its text unless bodies are asked for', async () => {
    const { messages, members } = await shown();
    expect(messages.map(({ seq, message_type, system }) => [seq, message_type, system?.kind])).toEqual([
      [1, 'system', 'created'],
      [2, 'text', undefined],
      [3, 'system', 'removed'],
      [4, 'system', 'added'],
    ]);
    expect(messages[0]!.system).toMatchObject({ user_ids: [alice, bob, carol], text: null });
    expect(members.find(({ user_id }) => user_id === bob)!.intervals).toMatchObject([
      { joined_seq: 1, left_seq: 4 },
      { joined_seq: 4, left_seq: null },
    ]);
  });

  it('is found by its id, which no record holds, and traced to the change that it tells of', async () => {
    const { messages } = await shown();
    const messageId = messages[2]!.message_id;
    expect(await conversationOfMessage({ log: logOf(events), codec, messageId, bar })).toBe(group);
    const elsewhere = logOf(events.filter((_, offset) => offset !== 2));
    expect(await conversationOfMessage({ log: elsewhere, codec, messageId, bar })).toBeNull();
    const verdicts = new Verdicts(messageId);
    for await (const step of foldConversation({ log: logOf(events), codec, conversationId: group, bar }))
      verdicts.take(step);
    expect(verdicts.appended).toMatchObject([
      { offset: 2, seq: 3, sender_id: null, verdict: 'a change of the directory (removed), told as #3' },
    ]);
    expect(verdicts.accepted).toMatchObject({ seq: 3, sender: null });
    expect([...verdicts.accepted!.members].sort()).toEqual([alice, bob, carol].sort());
  });
});
