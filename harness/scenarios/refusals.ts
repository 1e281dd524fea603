/** Wrong tokens, foreign conversations, frames that are too large or none at all: coded answers, and nothing breaks. */

import assert from 'node:assert/strict';
import { subprotocols } from '@parley/schemas/codec/frame-codec';
import { systemRandom } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { until } from '../services/until.ts';
import { plainSend } from '../world/plain-send.ts';
import { RawClient } from '../world/raw-client.ts';
import type { Scenario } from './scenario.ts';

export const wrongToken: Scenario = {
  name: 'wrong token',
  async run(world) {
    const alice = await world.person('Alice');
    const url = world.gatewayUrls[0]!;
    const good = alice.first.tokens().accessToken;
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const forged = Buffer.from(
      Buffer.from(payload, 'base64url').toString().replace(alice.userId, crypto.randomUUID()),
    ).toString('base64url');
    const tokens = ['', 'nonsense', `${header}.${payload}.`, `${header}.${forged}.${signature}`, `${good}x`];
    for (const token of tokens) {
      const raw = new RawClient(url, { protocols: [subprotocols.avro], headers: { authorization: `Bearer ${token}` } });
      const ended = await raw.ended();
      assert.ok(
        raw.refusedStatus === 401 || ended.code === 4401,
        `token ${tokens.indexOf(token)}: ${raw.refusedStatus} ${ended.code}`,
      );
      assert.equal(raw.frames.length, 0);
    }
    const none = new RawClient(url, { protocols: [subprotocols.avro] });
    await none.ended();
    assert.equal(none.frames.length, 0);
    const browser = new RawClient(url, { protocols: [subprotocols.avro, `bearer.${good}`] });
    await browser.frame('hello');
    browser.close();
  },
};

export const foreignConversation: Scenario = {
  name: 'foreign conversation',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const mallory = await world.person('Mallory');
    const conversation = directConversationId(alice.userId, bob.userId);
    const a = await world.client(alice.first).online();
    const b = await world.client(bob.first).online();
    await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from('secret') });
    await b.holds(conversation, 1);
    const raw = await RawClient.connect(world.gatewayUrls[0]!, mallory.first.tokens().accessToken);
    const send = (peerId: string | null): string => {
      const messageId = makeMessageId(Date.now(), systemRandom);
      raw.send(
        'send',
        plainSend({
          conversation_id: conversation,
          peer_id: peerId,
          message_id: messageId,
          encrypted_body: Buffer.from('let me in'),
        }),
      );
      return messageId;
    };
    const answered = (messageId: string): string | undefined =>
      raw.of('refused').find((frame) => frame.message_id === messageId)?.code ??
      raw.of('error').find((frame) => frame.message_id === messageId)?.code;
    for (const peerId of [bob.userId, alice.userId, null]) {
      const messageId = send(peerId);
      const code = await until(() => answered(messageId), { what: 'a refusal', timeoutMs: 15_000, everyMs: 5 });
      assert.ok(['conversation_mismatch', 'not_a_member'].includes(code), code);
    }
    raw.send('fetch', { request_id: 1, conversation_id: conversation, after_seq: 0, after_at_ms: 0, limit: 10 });
    raw.send('history', { request_id: 2, conversation_id: conversation, before_seq: 0, before_at_ms: 0, limit: 10 });
    raw.send('receipt_query', { request_id: 3, conversation_id: conversation, seq: 1 });
    for (const id of [1, 2, 3]) {
      const { code } = await raw.frame('error', (error) => error.request_id === id);
      assert.equal(code, 'not_found');
    }
    raw.send('read', { conversation_id: conversation, seq: 1, message_id: b.messages(conversation)[0]!.message_id });
    raw.send('delivered', { conversation_id: conversation, seq: 1 });
    raw.send('ping', { client_time_ms: 1 });
    await raw.frame('pong');
    const members = await a.client.receipts(conversation, 1);
    assert.deepEqual(members.map((member) => member.user_id).sort(), [alice.userId, bob.userId].sort());
    assert.equal(members.find((member) => member.user_id === bob.userId)?.read_seq, 0);
    assert.deepEqual(b.bodies(conversation), ['secret']);
    raw.close();
    await a.offline();
    await b.offline();
  },
};

export const badFrames: Scenario = {
  name: 'oversize and malformed frames',
  async run(world) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const raw = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken);
    const { limits } = await raw.frame('hello');
    const malformed = [
      Buffer.alloc(0),
      Buffer.from([0]),
      Buffer.from([255]),
      Buffer.from([1]),
      Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (const [index, bytes] of malformed.entries()) {
      raw.sendBytes(bytes);
      await until(() => raw.of('error').length > index, { what: 'an error frame', timeoutMs: 15_000, everyMs: 5 });
      assert.equal(raw.of('error')[index]!.code, 'malformed_frame');
    }
    raw.sendBytes(Buffer.from([66]));
    await raw.frame('error', (error) => ['unexpected_frame', 'malformed_frame'].includes(error.code));
    const messageId = makeMessageId(Date.now(), systemRandom);
    raw.send(
      'send',
      plainSend({
        conversation_id: directConversationId(alice.userId, bob.userId),
        peer_id: bob.userId,
        message_id: messageId,
        encrypted_body: Buffer.alloc(limits.max_body_bytes + 1),
      }),
    );
    await raw.frame('error', (error) => error.message_id === messageId && error.code === 'body_too_large');
    assert.equal(raw.closed, null);
    raw.sendBytes(Buffer.alloc(limits.max_frame_bytes + 1, 1));
    const { code } = await raw.ended();
    assert.ok(code === 1009 || code === 1006, `closed with ${code}`);
    const json = await RawClient.connect(world.gatewayUrls[0]!, alice.first.tokens().accessToken, subprotocols.json);
    assert.equal(JSON.parse(json.texts[0]!).frame, 'hello');
    json.sendText('{');
    await until(() => json.texts.some((text) => text.includes('malformed_frame')), {
      what: 'an error in JSON',
      timeoutMs: 15_000,
    });
    json.sendText(JSON.stringify({ frame: 'ping', client_time_ms: 7 }));
    await until(() => json.texts.some((text) => JSON.parse(text).frame === 'pong'), {
      what: 'pong in JSON',
      timeoutMs: 15_000,
    });
    json.close();
  },
};
