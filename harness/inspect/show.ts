/** A conversation is shown as it stood: at an offset, at a time, and now. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { until } from '../services/until.ts';
import { type Inspection, summaryOf } from './inspection.ts';

interface Shown {
  readonly last_seq: number;
  readonly partition: number;
  readonly members: { readonly user_id: string; readonly intervals: { readonly joined_seq: number }[] }[];
  readonly messages: {
    readonly seq: number;
    readonly message_id: string;
    readonly offset: number;
    readonly at_ms: number;
    readonly body_bytes: number;
    readonly body_sha256: string;
    readonly body?: string;
  }[];
  readonly receipts: {
    readonly user_id: string;
    readonly delivered: { readonly seq: number } | null;
    readonly read: { readonly seq: number } | null;
  }[];
}

export const asItStood: Inspection = {
  name: 'a conversation as it stood at an offset, at a time, and now',
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    const say = (text: string) => a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(text) });
    for (const text of ['one', 'two', 'three']) await say(text);
    const held = await b.holds(conversation, 3);
    b.client.markRead(conversation, 2, held[1]!.message_id);
    await a.status(held[1]!.message_id, 'read');
    const show = async (...args: string[]) => summaryOf<Shown>(await replay('show', conversation, ...args));
    const receiptsOfBob = ({ receipts }: Shown) => receipts.find(({ user_id }) => user_id === bob.userId);
    await until(async () => receiptsOfBob(await show())?.read?.seq === 2, {
      what: 'the receipt in the log',
      timeoutMs: 20_000,
      everyMs: 500,
    });
    const before = await show();
    const betweenMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 5)); // A later millisecond for what follows.
    for (const text of ['four', 'five']) await say(text);
    await b.holds(conversation, 5);

    const then = await show('--at', String(betweenMs));
    assert.deepEqual(then.messages, before.messages);
    assert.deepEqual(then.receipts, before.receipts);
    assert.equal(then.last_seq, 3);
    assert.deepEqual(then.members.map(({ user_id }) => user_id).sort(), [alice.userId, bob.userId].sort());
    const atTwo = await show('--at', String(before.messages[1]!.offset));
    assert.deepEqual(
      atTwo.messages.map(({ seq }) => seq),
      [1, 2],
    );
    assert.equal(receiptsOfBob(atTwo)?.read ?? null, null);
    const now = await show('--bodies', '--limit', '2');
    assert.deepEqual(
      now.messages.map(({ body }) => Buffer.from(body!, 'base64').toString()),
      ['four', 'five'],
    );
    const sha256 = createHash('sha256').update('three').digest('hex');
    assert.deepEqual([before.messages[2]!.body_sha256, before.messages[2]!.body_bytes], [sha256, 5]);
    assert.equal('body' in before.messages[2]!, false);
    await a.offline();
    await b.offline();
  },
};

export const unknownConversation: Inspection = {
  name: 'a conversation that never was is said to be unknown',
  async run({ replay }) {
    const { exitCode, stderr } = await replay('show', crypto.randomUUID());
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /not_found/);
  },
};
