import { randomUUID } from 'node:crypto';
import { subprotocols } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import type { MlsHeader } from '@parley/schemas/generated/wire';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { currentRules } from '@parley/streams/conversation/rules';
import { topics } from '@parley/streams/log/topics';
import { dataKeyIdOf } from '@parley/streams/sealing/data-key';
import { openContent } from '@parley/streams/sealing/seal-content';
import { describe, expect, it } from 'vitest';
import { startMs, TestGateway } from '../fixtures/gateway.fixture.ts';

describe('send', () => {
  it('appends to the conversation, with sender, device and rules stamped, and then says appended', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const send = gateway.sendFrame(alice, bob, { preview: 'hi', media_url: 'https://m/1' });
    gateway.log.isHeld = true;
    alice.say('send', send);
    await gateway.settle();
    expect(alice.of('appended')).toEqual([]);
    gateway.log.release();
    expect(alice.of('appended')).toEqual([{ conversation_id: conversationId, message_id: send.message_id }]);
    const [record] = gateway.log.records.filter(({ topic }) => topic === topics.messages);
    expect(record).toMatchObject({ key: conversationId, partitionKey: null, timestampMs: startMs });
    expect(gateway.log.events('message_sent')).toEqual([
      {
        ...{ conversation_id: conversationId, peer_id: bob.userId, message_id: send.message_id },
        ...{ sender_id: alice.userId, sender_device_id: alice.deviceId, message_type: 'text' },
        ...{ encrypted_body: Buffer.from('hi'), preview: 'hi', media_url: 'https://m/1', thumbnail_url: null },
        ...{ reply_to: null, target: null, rules_version: currentRules.version },
        ...{ timer_seconds: 0, sealed_content: null, mls: null },
      },
    ]);
  });

  it('rule 23: seals the content of what disappears, the same way each time, and keeps nothing of it in clear', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const send = gateway.sendFrame(alice, bob, { preview: 'hi', media_url: 'https://m/1', timer_seconds: 86_400 });
    alice.say('send', send);
    alice.say('send', send);
    await gateway.settle();
    const [first, again] = gateway.log.events('message_sent');
    expect(again).toEqual(first);
    const empty = { encrypted_body: Buffer.alloc(0), preview: null, media_url: null, thumbnail_url: null };
    expect(first).toMatchObject({ ...empty, timer_seconds: 86_400 });
    const [key] = gateway.dataKeys.found([dataKeyIdOf(conversationId, send.message_id, 86_400)]);
    const about = { conversationId, messageId: send.message_id };
    expect(openContent(key!, about, first!.sealed_content!)).toEqual({
      ...{ encrypted_body: Buffer.from('hi'), preview: 'hi', media_url: 'https://m/1', thumbnail_url: null },
    });
  });

  it('rule 23: refuses a timer that there is not, and what is too old to be sealed', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    alice.say('send', gateway.sendFrame(alice, bob, { timer_seconds: 60 }));
    await gateway.settle();
    expect(alice.of('error')).toMatchObject([{ code: 'invalid_request' }]);
    const old = makeMessageId(startMs - 100 * 86_400_000, systemRandom);
    alice.say('send', gateway.sendFrame(alice, bob, { timer_seconds: 86_400, message_id: old }));
    await gateway.settle();
    expect(alice.of('refused')).toEqual([{ conversation_id: conversationId, message_id: old, code: 'out_of_window' }]);
    expect(gateway.log.events('message_sent')).toEqual([]);
  });

  it('rule 1: appends a retry of the same id like the first attempt', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const send = gateway.sendFrame(alice, bob);
    alice.say('send', send);
    alice.say('send', send);
    await gateway.settle();
    expect(gateway.log.events('message_sent').map(({ message_id }) => message_id)).toEqual([
      send.message_id,
      send.message_id,
    ]);
    expect(alice.of('appended')).toHaveLength(2);
  });

  it('rule 2: tells clock_ahead, and is not ready, when the log refuses its timestamps', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    expect(gateway.core.isReady()).toBe(true);
    gateway.log.failure = 'timestamp_ahead';
    const send = gateway.sendFrame(alice, bob);
    alice.say('send', send);
    await gateway.settle();
    expect(alice.of('error')).toMatchObject([
      { code: 'clock_ahead', message_id: send.message_id, retry_after_ms: 1_000 },
    ]);
    expect(gateway.core.isReady()).toBe(false);
    gateway.log.failure = null;
    alice.say('send', send);
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(1);
    expect(gateway.core.isReady()).toBe(true);
  });

  it('rule 3: appends an id of any age, for the fold to judge', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    alice.say('send', gateway.sendFrame(alice, bob, { message_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }));
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(1);
  });

  it('rule 5: takes nothing from the frame that the server knows better', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device(undefined, undefined, subprotocols.json);
    const forged = { ...gateway.sendFrame(device, device), frame: 'send', encrypted_body: '', sender_id: randomUUID() };
    device.sayBytes(Buffer.from(JSON.stringify(forged)), false);
    await gateway.settle();
    expect(device.errorCodes).toEqual(['malformed_frame']);
    expect(gateway.log.events('message_sent')).toEqual([]);
  });

  it('answers a full log queue with overloaded, at once', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    gateway.log.refusal = 'queue_full';
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    expect(alice.errorCodes).toEqual(['overloaded']);
    expect(alice.connection.sendsInFlight).toBe(0);
  });

  it('bounds the sends of a connection that the log has not taken', async () => {
    const gateway = new TestGateway({ maxSendsInFlight: 3 });
    const { alice, bob } = await gateway.pair();
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    gateway.log.isHeld = true;
    for (let i = 0; i < 5; i++) alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    expect(alice.errorCodes).toEqual(['overloaded', 'overloaded']);
    gateway.log.release();
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(5);
  });

  it('answers the rate limit with when to come again', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    gateway.retryAfterMs = 1_234.5;
    const send = gateway.sendFrame(alice, bob);
    alice.say('send', send);
    await gateway.settle();
    expect(alice.of('error')).toMatchObject([
      { code: 'rate_limited', message_id: send.message_id, request_id: null, retry_after_ms: 1_235 },
    ]);
    expect(alice.closed).toBeNull();
  });

  const commit: MlsHeader = {
    ...{ kind: 'commit', group_id: Buffer.from('group'), generation: 0, epoch: 0, after_seq: 0, recipient_id: null },
  };

  it('rule 22: appends a commit with its header in clear and its body as it came', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const send = gateway.sendFrame(alice, bob, { message_type: 'mls', mls: commit });
    alice.say('send', send);
    await gateway.settle();
    const { encrypted_body } = send;
    expect(gateway.log.events('message_sent')).toMatchObject([{ message_type: 'mls', mls: commit, encrypted_body }]);
  });

  const invalid: [string, object, string][] = [
    ['a body that is too large', { encrypted_body: Buffer.alloc(65_537) }, 'body_too_large'],
    ['a preview that is too long', { preview: 'é'.repeat(201) }, 'preview_too_long'],
    ['an id in lower case', { message_id: '01arz3ndektsv4rrffq69g5fav' }, 'invalid_message_id'],
    ['an empty id', { message_id: '' }, 'invalid_message_id'],
    ['a conversation that is no UUID', { conversation_id: 'general' }, 'invalid_request'],
    ['a conversation in upper case', { conversation_id: randomUUID().toUpperCase() }, 'invalid_request'],
    ['a peer that is no UUID', { peer_id: '' }, 'invalid_request'],
    ['a peer in a group', { conversation_id: randomUUID() }, 'conversation_mismatch'],
    ['the wrong peer', { peer_id: randomUUID() }, 'conversation_mismatch'],
    ['a media address that is too long', { media_url: 'x'.repeat(2_049) }, 'invalid_request'],
    ['an edit without a target', { message_type: 'edit' }, 'target_missing'],
    ['a message of a type that the server makes', { message_type: 'system' }, 'invalid_message_type'],
    ['a text with a target', { target_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, 'invalid_request'],
    ['a target that is no ULID', { message_type: 'delete', target_id: 'x' }, 'invalid_request'],
    ['a reply to no ULID', { reply_to: '' }, 'invalid_request'],
    ['a commit without its header', { message_type: 'mls' }, 'mls_header_invalid'],
    ['a text with the header of a commit', { mls: commit }, 'mls_header_invalid'],
    [
      'a commit of no group',
      { message_type: 'mls', mls: { ...commit, group_id: Buffer.alloc(0) } },
      'mls_header_invalid',
    ],
    ['a welcome to nobody', { message_type: 'mls', mls: { ...commit, kind: 'welcome' } }, 'mls_header_invalid'],
    [
      'a welcome to no UUID',
      { message_type: 'mls', mls: { ...commit, kind: 'welcome', recipient_id: 'x' } },
      'invalid_request',
    ],
  ];
  it.each(invalid)('answers %s with a code, and stays up', async (_what, fields, code) => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const send = gateway.sendFrame(alice, bob, fields);
    alice.say('send', send);
    await gateway.settle();
    expect(alice.of('error')).toMatchObject([{ code, message_id: send.message_id }]);
    expect(alice.closed).toBeNull();
    expect(gateway.log.events('message_sent')).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['NUL', '\u0000'],
    ['right to left', '\u202eمرحبا'],
    ['an emoji with joiners', '👩‍👩‍👧‍👦'],
    ['200 emoji', '👩‍👩‍👧‍👦'.repeat(28)],
    ['64 KiB', 'x'.repeat(65_536)],
  ])('takes a body and a preview of %s as they are', async (_what, text) => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const preview = [...text].slice(0, 200).join('');
    alice.say('send', gateway.sendFrame(alice, bob, { encrypted_body: Buffer.from(text), preview }));
    await gateway.settle();
    const expected = Buffer.from(text).subarray(0, 65_536);
    if (Buffer.byteLength(text) > 65_536) return expect(alice.errorCodes).toEqual(['body_too_large']);
    expect(gateway.log.events('message_sent')[0]).toMatchObject({ encrypted_body: expected, preview });
    return undefined;
  });
});

describe('who may send', () => {
  it('rule 4: a cached view lets a send through without a read, also after the sender has left', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    const reads = gateway.stores.gate.reads.length;
    gateway.stores.leave(conversationId, alice.userId, 1);
    alice.say('send', gateway.sendFrame(alice, bob));
    expect(gateway.stores.gate.reads).toHaveLength(reads);
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(2);
  });

  it('rule 4: never refuses without a fresh read, however often it was asked before', async () => {
    const gateway = new TestGateway();
    const [alice, bob] = [await gateway.device(), await gateway.device()];
    const group = randomUUID();
    gateway.stores.conversation(group, [bob.userId]);
    const send = () => gateway.sendFrame(alice, bob, { conversation_id: group, peer_id: null });
    alice.say('send', send());
    await gateway.pass(1_000);
    expect(alice.errorCodes).toEqual(['not_a_member']);
    gateway.stores.conversation(group, [bob.userId, alice.userId]);
    alice.say('send', send());
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(1);
  });

  it('rule 4: one who joins while the projection trails the log is let through by the second read', async () => {
    const gateway = new TestGateway();
    const [alice, bob] = [await gateway.device(), await gateway.device()];
    const group = randomUUID();
    alice.say('send', gateway.sendFrame(alice, bob, { conversation_id: group, peer_id: null }));
    await gateway.settle();
    gateway.stores.conversation(group, [alice.userId]);
    await gateway.pass(1_000);
    expect(alice.of('appended')).toHaveLength(1);
  });

  it('tells an unknown group from one that the sender is not in', async () => {
    const gateway = new TestGateway();
    const [alice, bob] = [await gateway.device(), await gateway.device()];
    alice.say('send', gateway.sendFrame(alice, bob, { conversation_id: randomUUID(), peer_id: null }));
    await gateway.pass(1_000);
    expect(alice.errorCodes).toEqual(['conversation_unknown']);
  });

  it('opens a 1:1 conversation with a user who exists, and with no other', async () => {
    const gateway = new TestGateway();
    const [alice, bob] = [await gateway.device(), await gateway.device()];
    const peerId = randomUUID();
    const conversationId = directConversationId(alice.userId, peerId);
    const toNobody = () => gateway.sendFrame(alice, bob, { conversation_id: conversationId, peer_id: peerId });
    alice.say('send', gateway.sendFrame(alice, bob));
    alice.say('send', toNobody());
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(1);
    expect(alice.errorCodes).toEqual(['peer_unknown']);
    gateway.stores.knownUsers.add(peerId);
    alice.say('send', toNobody());
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(2);
  });

  it('keeps the connection and says unavailable or internal when a store fails', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    gateway.stores.gate.failure = new Error('the store is away');
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    expect(alice.of('error')).toMatchObject([{ code: 'internal', retry_after_ms: 1_000 }]);
    expect(alice.of('error')[0]!.message).not.toContain('away');
    expect(alice.closed).toBeNull();
  });
});

describe('targets', () => {
  it('stamps what the row of the target says', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    const row = gateway.project(conversationId, 7, bob.userId, { messageType: 'image', atMs: 42 });
    alice.say('send', gateway.sendFrame(alice, bob, { message_type: 'reaction', target_id: row.messageId }));
    alice.say('send', gateway.sendFrame(alice, bob, { reply_to: row.messageId }));
    await gateway.settle();
    const target = { message_id: row.messageId, seq: 7, sender_id: bob.userId, message_type: 'image', at_ms: 42 };
    expect(gateway.log.events('message_sent')).toMatchObject([
      { message_type: 'reaction', target, reply_to: null },
      { message_type: 'text', target, reply_to: row.messageId },
    ]);
  });

  it('refuses a change of a message that is not there, takes a reply to one', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const messageId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    alice.say('send', gateway.sendFrame(alice, bob, { message_type: 'edit', target_id: messageId }));
    alice.say('send', gateway.sendFrame(alice, bob, { reply_to: messageId }));
    await gateway.settle();
    expect(alice.errorCodes).toEqual(['target_missing']);
    expect(gateway.log.events('message_sent')).toMatchObject([{ reply_to: messageId, target: null }]);
  });
});

describe('order', () => {
  it('keeps the frames of a conversation in order across a look-up, and lets other conversations pass', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const carol = await gateway.device();
    const other = gateway.sendFrame(alice, carol);
    gateway.stores.conversation(other.conversation_id, [alice.userId, carol.userId]);
    alice.say('send', other);
    await gateway.settle();
    gateway.stores.gate.shut();
    const ids = Array.from({ length: 5 }, () => gateway.sendFrame(alice, bob));
    for (const send of ids) alice.say('send', send);
    alice.say('send', { ...other, message_id: ids[0]!.message_id });
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(2);
    gateway.stores.gate.open();
    await gateway.settle();
    const sent = gateway.log.events('message_sent').filter((one) => one.conversation_id === ids[0]!.conversation_id);
    expect(sent.map(({ message_id }) => message_id)).toEqual(ids.map(({ message_id }) => message_id));
    expect(alice.connection.pending).toBeNull();
  });

  it('bounds what waits for a look-up', async () => {
    const gateway = new TestGateway({ maxPendingFrames: 4 });
    const { alice, bob } = await gateway.pair();
    gateway.stores.gate.shut();
    for (let i = 0; i < 6; i++) alice.say('send', gateway.sendFrame(alice, bob));
    expect(alice.errorCodes).toEqual(['overloaded', 'overloaded']);
    gateway.stores.gate.open();
    await gateway.settle();
    expect(alice.of('appended')).toHaveLength(4);
  });

  it('drops what waits when the connection ends, and appends nothing after it', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    gateway.stores.gate.shut();
    for (let i = 0; i < 3; i++) alice.say('send', gateway.sendFrame(alice, bob));
    alice.vanish();
    gateway.stores.gate.open();
    await gateway.settle();
    expect(gateway.log.events('message_sent')).toEqual([]);
  });
});
