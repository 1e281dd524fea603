/** A message's story: who got it, who did not and why, what came again, what was refused. */

import assert from 'node:assert/strict';
import { systemRandom } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { until } from '../services/until.ts';
import { plainSend } from '../world/plain-send.ts';
import { RawClient } from '../world/raw-client.ts';
import { type Inspection, summaryOf } from './inspection.ts';

interface Story {
  readonly conversation_id: string;
  readonly appended: {
    readonly verdict: string;
    readonly code: string | null;
    readonly seq: number | null;
    readonly sender_device_id: string;
    readonly gateway_id: string | null;
  }[];
  readonly accepted: { readonly seq: number } | null;
  readonly projected: { readonly complete: boolean; readonly inbox_rows: number } | null;
  readonly devices: {
    readonly device_id: string;
    readonly connected: { readonly gateway_id: string } | null;
    readonly delivered_at_ms: number | null;
    readonly read_at_ms: number | null;
    readonly jobs: { readonly reason: string; readonly taken: boolean | null }[];
    readonly fate: string;
  }[];
}

const fateOf = (story: Story, deviceId: string) => story.devices.find(({ device_id }) => device_id === deviceId);

export const delivered: Inspection = {
  name: 'the story of a message that arrived, and was read',
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const a = await world.client(alice.first, { gateway: 0 }).online();
    const b = await world.client(bob.first, { gateway: 1 }).online();
    const conversation = directConversationId(alice.userId, bob.userId);
    const { messageId } = await a.send({ peerId: bob.userId, encryptedBody: Buffer.from('hello') });
    await b.holds(conversation, 1);
    b.client.markRead(conversation, 1, messageId);
    await a.status(messageId, 'read');
    const tell = async () => summaryOf<Story>(await replay('trace', messageId));
    await until(async () => fateOf(await tell(), bob.first.deviceId)?.read_at_ms != null, {
      what: 'the receipts in the log',
      timeoutMs: 20_000,
      everyMs: 500,
    });
    const story = await tell();
    assert.equal(story.conversation_id, conversation);
    assert.deepEqual(
      story.appended.map(({ verdict, seq, sender_device_id }) => ({ verdict, seq, sender_device_id })),
      [{ verdict: 'accepted as #1', seq: 1, sender_device_id: alice.first.deviceId }],
    );
    assert.ok(story.appended[0]!.gateway_id !== null);
    assert.deepEqual(story.projected, { ...story.projected, complete: true, inbox_rows: 2 });
    const toBob = fateOf(story, bob.first.deviceId)!;
    assert.ok(toBob.connected !== null && toBob.connected.gateway_id !== story.appended[0]!.gateway_id);
    assert.match(toBob.fate, /was connected to .* and acknowledged it at .*, and read at/);
    assert.equal(fateOf(story, alice.first.deviceId)!.fate, 'sent it');
    await a.offline();
    await b.offline();
  },
};

export const neverArrived: Inspection = {
  name: 'why a device did not get a message, and how it got it later',
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    await b.offline();
    const { messageId } = await a.send({ peerId: bob.userId, encryptedBody: Buffer.from('are you there?') });
    const tell = async () => summaryOf<Story>(await replay('trace', messageId, '--conversation', conversation));
    const ofBob = async () => fateOf(await tell(), bob.first.deviceId);
    await until(async () => (await ofBob())?.jobs[0]?.taken === true, {
      what: 'the pusher has handled the job',
      timeoutMs: 20_000,
      everyMs: 500,
    });
    const away = (await ofBob())!;
    assert.match(
      away.fate,
      /^was offline since .*; has not connected since; a push job was appended at .* \(offline\)/,
    );
    assert.deepEqual([away.connected, away.delivered_at_ms, away.jobs.length], [null, null, 1]);
    const again = await world.client(bob.first).online();
    await again.holds(conversation, 1);
    await until(async () => (await ofBob())?.delivered_at_ms != null, {
      what: 'the receipt in the log',
      timeoutMs: 20_000,
      everyMs: 500,
    });
    assert.match((await ofBob())!.fate, /^was offline then and acknowledged it at .*, after a push$/);
    await a.offline();
    await again.offline();
  },
};

export const retriedAndRefused: Inspection = {
  name: 'the story of a message that came twice, of one with another payload, and of one that was refused',
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const conversation = directConversationId(alice.userId, bob.userId);
    const raw = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken);
    const send = (messageId: string, text: string): void =>
      raw.send(
        'send',
        plainSend({
          ...{ conversation_id: conversation, peer_id: bob.userId, message_id: messageId },
          encrypted_body: Buffer.from(text),
        }),
      );
    const messageId = makeMessageId(Date.now(), systemRandom);
    const late = makeMessageId(Date.now() - 120_000, systemRandom);
    send(messageId, 'once');
    await until(() => raw.frames.some(({ name }) => name === 'accepted'), { what: 'a verdict', timeoutMs: 10_000 });
    send(messageId, 'once');
    send(messageId, 'twice');
    send(late, 'too late');
    await until(() => raw.frames.filter(({ name }) => name === 'accepted' || name === 'refused').length === 4, {
      what: 'four verdicts',
      timeoutMs: 10_000,
    });
    raw.close();
    const story = summaryOf<Story>(await replay('trace', messageId));
    assert.deepEqual(
      story.appended.map(({ verdict }) => verdict),
      ['accepted as #1', 'came again: accepted as #1 before', 'refused: conflict'],
    );
    const refused = summaryOf<Story>(await replay('trace', late));
    assert.deepEqual([refused.accepted, refused.appended[0]!.code], [null, 'out_of_window']);
  },
};

export const neverSent: Inspection = {
  name: 'a message that was never appended is said to be unknown',
  async run({ replay }) {
    const { exitCode, stderr } = await replay('trace', makeMessageId(Date.now(), systemRandom));
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /not_found/);
  },
};
