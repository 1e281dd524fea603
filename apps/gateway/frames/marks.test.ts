import { randomUUID } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import type { MarkFrame } from '@parley/schemas/generated/wire';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { topics } from '@parley/streams/log/topics';
import { describe, expect, it } from 'vitest';
import { startMs, TestGateway } from '../fixtures/gateway.fixture.ts';

async function talk(rows = 3) {
  const gateway = new TestGateway();
  const { alice, bob, conversationId } = await gateway.pair();
  const projected = Array.from({ length: rows }, (_, index) =>
    gateway.project(conversationId, index + 1, alice.userId),
  );
  let request_id = 0;
  const mark = async (frame: Partial<MarkFrame>, by = bob) => {
    const whole: MarkFrame = {
      ...{ request_id: ++request_id, conversation_id: conversationId, kind: 'pinned', value: 1, message_id: null },
      ...frame,
    };
    by.say('mark', whole);
    await gateway.settle();
  };
  const events = () => gateway.log.events('personal_mark_set');
  return { gateway, alice, bob, conversationId, rows: projected, mark, events };
}

describe('mark', () => {
  it('appends the mark under a key of its kind and device, and answers with the entry as it will be', async () => {
    const { gateway, bob, conversationId, mark, events } = await talk();
    await mark({ kind: 'archived' });
    const nowMs = gateway.time.nowMs();
    expect(events()).toEqual([
      {
        ...{
          conversation_id: conversationId,
          user_id: bob.userId,
          device_id: bob.deviceId,
          kind: 'archived',
          value: 1,
        },
        ...{ ordinal: 0, version: nowMs * 1_000, at_ms: nowMs },
      },
    ]);
    expect(gateway.log.records.find(({ topic }) => topic === topics.receipts)).toMatchObject({
      ...{ key: `${conversationId}:${bob.userId}:mark_archived:${bob.deviceId}`, partitionKey: conversationId },
    });
    const marks = [{ kind: 'archived', value: 1, version: nowMs * 1_000 }];
    expect(bob.of('inbox_update')).toMatchObject([{ request_id: 1, entry: { last_seq: 3, unread_count: 3, marks } }]);
  });

  it('rule 8: a later mark has the greater version, in the same moment and before a clock that is ahead', async () => {
    const { gateway, bob, conversationId, mark, events } = await talk();
    const ahead = gateway.time.nowMs() * 1_000 + 4_000_000;
    gateway.stores.marks.push({
      ...{ conversationId, userId: bob.userId, kind: 'muted', value: 9, ordinal: 0, version: ahead },
    });
    await mark({ value: 1 });
    await mark({ value: 0 });
    await mark({ value: 1 });
    expect(events().map(({ version }) => version - ahead)).toEqual([1, 2, 3]);
    expect(events().map(({ value }) => value)).toEqual([gateway.time.nowMs(), 0, gateway.time.nowMs()]);
  });

  it('clears up to a message that the user may see, once', async () => {
    const { gateway, bob, conversationId, rows, mark, events } = await talk();
    const [, second] = rows;
    await mark({ kind: 'cleared', value: 2, message_id: second!.messageId });
    expect(events()).toMatchObject([{ kind: 'cleared', value: 2, ordinal: 2, version: 2 }]);
    expect(bob.of('inbox_update').at(-1)).toMatchObject({
      entry: { unread_count: 1, seen_ordinal: 2, marks: [{ kind: 'cleared', value: 2, version: 2 }] },
    });
    gateway.stores.marks.push({
      ...{ conversationId, userId: bob.userId, kind: 'cleared', value: 2, ordinal: 2, version: 2 },
    });
    await mark({ kind: 'cleared', value: 1, message_id: rows[0]!.messageId });
    expect(events()).toHaveLength(1);
    expect(bob.of('inbox_update')).toHaveLength(2);
    await mark({ kind: 'cleared', value: 3, message_id: second!.messageId });
    await mark({ kind: 'cleared', value: 4, message_id: makeMessageId(startMs, systemRandom) });
    expect(bob.errorCodes).toEqual(['invalid_request', 'not_found']);
  });

  it('is for members; who has left may put the conversation away, and clear what they saw', async () => {
    const { gateway, bob, conversationId, rows, mark, events } = await talk();
    const carol = await gateway.device();
    await mark({}, carol);
    await mark({ conversation_id: randomUUID() });
    expect([carol.errorCodes, bob.errorCodes]).toEqual([['not_a_member'], ['not_a_member']]);
    gateway.stores.leave(conversationId, bob.userId, 3);
    for (const kind of ['pinned', 'muted', 'unread'] as const) await mark({ kind });
    await mark({ kind: 'cleared', value: 3, message_id: rows[2]!.messageId });
    expect(bob.errorCodes).toEqual(['not_a_member', 'not_a_member', 'not_a_member', 'not_a_member', 'not_found']);
    await mark({ kind: 'archived' });
    await mark({ kind: 'cleared', value: 2, message_id: rows[1]!.messageId });
    expect(events().map(({ kind, value }) => [kind, value])).toEqual([
      ['archived', 1],
      ['cleared', 2],
    ]);
  });

  it('takes nothing that has no meaning', async () => {
    const { bob, rows, mark, events } = await talk();
    await mark({ conversation_id: 'x' });
    await mark({ value: 2 });
    await mark({ kind: 'muted', value: -1 });
    await mark({ message_id: rows[0]!.messageId });
    await mark({ kind: 'cleared', value: 0, message_id: rows[0]!.messageId });
    await mark({ kind: 'cleared', value: 1 });
    expect(bob.errorCodes).toEqual([...Array<string>(5).fill('invalid_request'), 'invalid_message_id']);
    expect(bob.of('error').map(({ request_id }) => request_id)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events()).toEqual([]);
  });

  it('is answered with an error if the log does not take it', async () => {
    const { gateway, bob, mark } = await talk();
    gateway.log.failure = 'log_unavailable';
    await mark({});
    expect(bob.errorCodes).toEqual(['unavailable']);
    expect(bob.of('inbox_update')).toEqual([]);
  });
});
