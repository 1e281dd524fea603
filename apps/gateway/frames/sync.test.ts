import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';

describe('inbox', () => {
  it('lists by conversation id, page by page', async () => {
    const gateway = new TestGateway();
    const alice = await gateway.device();
    const ids = Array.from({ length: 5 }, () => randomUUID()).sort();
    for (const id of ids) gateway.stores.conversation(id, [alice.userId]);
    let after: string | null = null;
    const seen: string[] = [];
    do {
      alice.say('inbox', { request_id: seen.length, after, limit: 2 });
      await gateway.settle();
      const page = alice.of('inbox_page').at(-1)!;
      expect(page.request_id).toBe(seen.length);
      seen.push(...page.entries.map(({ conversation_id }) => conversation_id));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(ids);
  });

  it('gives 2,000 conversations in one page, from one read, and cuts one that would be too large', async () => {
    for (const [maxInboxBytes, count] of [
      [384 * 1024, 2_000],
      [50_000, 312],
    ] as const) {
      const gateway = new TestGateway({ maxInboxBytes });
      const alice = await gateway.device();
      const ids = Array.from({ length: 2_000 }, () => randomUUID()).sort();
      for (const id of ids) gateway.stores.conversation(id, [alice.userId]);
      alice.say('inbox', { request_id: 1, after: null, limit: 2_000 });
      await gateway.settle();
      const [page] = alice.of('inbox_page');
      expect(page!.entries).toHaveLength(count);
      expect(page!.next).toBe(ids[count - 1]);
      expect(gateway.stores.gate.count('inbox.list')).toBe(1);
    }
  });

  it('answers errors with the request id', async () => {
    const gateway = new TestGateway();
    const alice = await gateway.device();
    alice.say('inbox', { request_id: 1, after: 'x', limit: 2 });
    alice.say('inbox', { request_id: 2, after: null, limit: 0 });
    alice.say('inbox', { request_id: 3, after: null, limit: 2_001 });
    await gateway.settle();
    expect(alice.of('error').map(({ code, request_id }) => [code, request_id])).toEqual([
      ['invalid_request', 1],
      ['invalid_request', 2],
      ['invalid_request', 3],
    ]);
  });
});

describe('fetch and history', () => {
  it('answers with the range that is covered', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    for (let seq = 1; seq <= 5; seq++) gateway.project(conversationId, seq, alice.userId);
    bob.say('fetch', { request_id: 3, conversation_id: conversationId, after_seq: 2, after_at_ms: 7, limit: 2 });
    await gateway.settle();
    const [page] = bob.of('page');
    expect(page).toMatchObject({ request_id: 3, covered_from: 3, covered_to: 4, last_seq: 5, more: true });
    expect(page!.messages.map(({ seq, preview }) => [seq, preview])).toEqual([
      [3, 'preview 3'],
      [4, 'preview 4'],
    ]);
    bob.say('history', { request_id: 4, conversation_id: conversationId, before_seq: 3, before_at_ms: 7, limit: 9 });
    await gateway.settle();
    expect(bob.of('page')[1]).toMatchObject({ request_id: 4, covered_from: 1, covered_to: 2, more: false });
  });

  it('rule 13: a page that is cut for its size claims no more than it holds', async () => {
    const gateway = new TestGateway({ maxPageBytes: 100_000 });
    const { alice, bob, conversationId } = await gateway.pair();
    const encryptedBody = Buffer.alloc(40_000);
    for (let seq = 1; seq <= 6; seq++) gateway.project(conversationId, seq, alice.userId, { encryptedBody });
    const request = { request_id: 1, conversation_id: conversationId, limit: 100 };
    bob.say('fetch', { ...request, after_seq: 0, after_at_ms: 0 });
    bob.say('history', { ...request, before_seq: 0, before_at_ms: 0 });
    await gateway.settle();
    expect(bob.of('page')).toMatchObject([
      { covered_from: 1, covered_to: 2, more: true },
      { covered_from: 5, covered_to: 6, more: true },
    ]);
    expect(bob.of('page').map(({ messages }) => messages.map(({ seq }) => seq))).toEqual([
      [1, 2],
      [5, 6],
    ]);
  });

  it('sends a single message that is larger than a page', async () => {
    const gateway = new TestGateway({ maxPageBytes: 1_000 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.project(conversationId, 1, alice.userId, { encryptedBody: Buffer.alloc(40_000) });
    bob.say('fetch', { request_id: 1, conversation_id: conversationId, after_seq: 0, after_at_ms: 0, limit: 9 });
    await gateway.settle();
    expect(bob.of('page')[0]).toMatchObject({ covered_to: 1, more: false });
  });

  it('is for members only', async () => {
    const gateway = new TestGateway();
    const { conversationId } = await gateway.pair();
    const carol = await gateway.device();
    carol.say('fetch', { request_id: 1, conversation_id: conversationId, after_seq: 0, after_at_ms: 0, limit: 9 });
    carol.say('history', { request_id: 2, conversation_id: conversationId, before_seq: 0, before_at_ms: 0, limit: 9 });
    carol.say('fetch', { request_id: 3, conversation_id: 'x', after_seq: 0, after_at_ms: 0, limit: 9 });
    carol.say('fetch', { request_id: 4, conversation_id: conversationId, after_seq: -1, after_at_ms: 0, limit: 9 });
    await gateway.settle();
    const answers = carol.of('error').sort((a, b) => a.request_id! - b.request_id!);
    expect(answers.map(({ code }) => code)).toEqual(['not_found', 'not_found', 'invalid_request', 'invalid_request']);
  });
});

describe('around and members', () => {
  it('answer with what stands around a message, and cut what is too large at both ends', async () => {
    const gateway = new TestGateway({ maxPageBytes: 200_000 });
    const { alice, bob, conversationId } = await gateway.pair();
    const encryptedBody = Buffer.alloc(40_000);
    for (let seq = 1; seq <= 9; seq++) gateway.project(conversationId, seq, alice.userId, { encryptedBody });
    const { messageId } = gateway.stores.conversations.get(conversationId)!.rows[4]!;
    const request = { conversation_id: conversationId, message_id: messageId, media_only: false };
    bob.say('around', { ...request, request_id: 1, before: 1, after: 1 });
    bob.say('around', { ...request, request_id: 2, before: 9, after: 9 });
    bob.say('around', { ...request, request_id: 3, message_id: null, before: 2, after: 0 });
    await gateway.settle();
    expect(bob.of('page').map((page) => page.messages.map(({ seq }) => seq))).toEqual([
      [4, 5, 6],
      [3, 4, 5, 6],
      [8, 9],
    ]);
    expect(bob.of('page')[1]).toMatchObject({ covered_from: 3, covered_to: 6, more: true });
    bob.say('around', { ...request, request_id: 4, before: 150, after: 51 });
    bob.say('around', { ...request, request_id: 5, message_id: 'x', before: 1, after: 0 });
    const carol = await gateway.device();
    carol.say('around', { ...request, request_id: 6, before: 1, after: 1 });
    carol.say('members', { request_id: 7, conversation_id: conversationId, at_seq: 0, at_ms: 0 });
    bob.say('members', { request_id: 8, conversation_id: conversationId, at_seq: 2, at_ms: 0 });
    await gateway.settle();
    expect(bob.errorCodes).toEqual(['invalid_request', 'invalid_message_id']);
    expect(carol.errorCodes).toEqual(['not_found', 'not_found']);
    expect(bob.of('member_list')[0]).toMatchObject({ request_id: 8, at_seq: 2, members: [{ role: 'member' }, {}] });
  });
});

describe('withheld', () => {
  it('rule 6: answers with the own messages that have no place, for this user alone', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.project(conversationId, 1, bob.userId);
    const [row] = gateway.stores.conversations.get(conversationId)!.rows;
    gateway.stores.withheldRows.set(`${conversationId}/${bob.userId}`, [{ ...row!, seq: 0, ordinal: 0 }]);
    const request = { conversation_id: conversationId, before: null, limit: 10 };
    bob.say('withheld', { ...request, request_id: 1 });
    alice.say('withheld', { ...request, request_id: 2 });
    bob.say('withheld', { ...request, request_id: 3, before: 'x' });
    bob.say('withheld', { ...request, request_id: 4, limit: 0 });
    bob.say('withheld', { ...request, request_id: 5, conversation_id: 'x' });
    await gateway.settle();
    const covered = { covered_from: 0, covered_to: 0, last_seq: 0, more: false };
    expect(bob.of('page')).toMatchObject([
      { request_id: 1, ...covered, messages: [{ seq: 0, sender_id: bob.userId }] },
    ]);
    expect(alice.of('page')).toMatchObject([{ request_id: 2, messages: [] }]);
    expect(bob.errorCodes).toEqual(['invalid_message_id', 'invalid_request', 'invalid_request']);
  });
});

describe('reads', () => {
  it('run a few at once, wait a few more, and are answered overloaded beyond that', async () => {
    const gateway = new TestGateway({ maxReads: 2, maxWaitingReads: 3 });
    const alice = await gateway.device();
    gateway.stores.gate.shut();
    for (let i = 0; i < 7; i++) alice.say('inbox', { request_id: i, after: null, limit: 10 });
    expect(gateway.stores.gate.reads).toHaveLength(2);
    expect(alice.of('error').map(({ code, request_id }) => [code, request_id])).toEqual([
      ['overloaded', 5],
      ['overloaded', 6],
    ]);
    gateway.stores.gate.open();
    await gateway.settle();
    expect(alice.of('inbox_page').map(({ request_id }) => request_id)).toEqual([0, 1, 2, 3, 4]);
    expect(alice.connection.reads).toBeNull();
  });

  it('do not start while the socket does not take what it was sent', async () => {
    const gateway = new TestGateway({ highWaterBytes: 10_000, maxReads: 1 });
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.project(conversationId, 1, alice.userId, { encryptedBody: Buffer.alloc(40_000) });
    bob.isReading = false;
    for (let i = 0; i < 20; i++) {
      bob.say('fetch', { request_id: i, conversation_id: conversationId, after_seq: 0, after_at_ms: 0, limit: 9 });
    }
    await gateway.settle();
    expect(bob.bufferedBytes()).toBeLessThan(50_000);
    bob.isReading = true;
    bob.thaw();
    await gateway.pass(1_000);
    expect(bob.of('page')).toHaveLength(20);
  });
});
