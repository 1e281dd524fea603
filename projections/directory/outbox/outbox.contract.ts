/** What the outbox and its relays do on every SQL that the directory runs on. */
import { randomUUID } from 'node:crypto';
import { systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DirectoryUnderTest } from '../directory.contract.ts';
import { ConversationChange } from './change.ts';
import { Outbox } from './outbox.ts';
import { codec, FailingLog } from './relay.fixture.ts';
import { OutboxRelay, type RelaySettings } from './relay.ts';

export function outboxContract(name: string, make: () => Promise<DirectoryUnderTest>): void {
  describe(`outbox contract: ${name}`, () => {
    let nowMs = 1_700_000_000_000;
    const clock = { nowMs: () => nowMs };
    let under: DirectoryUnderTest;
    let outbox: Outbox;
    let log: FailingLog;
    let metrics: Registry;
    beforeAll(async () => {
      under = await make();
      outbox = new Outbox(under.database);
    }, 60_000);
    afterAll(() => under.close());
    beforeEach(async () => {
      log = new FailingLog();
      metrics = new Registry();
      await under.database.run((db) => db.deleteFrom('outbox').execute());
      await under.database.run((db) => db.deleteFrom('conversations').execute());
    });

    const relay = (settings: Partial<RelaySettings> = {}) =>
      new OutboxRelay(
        {
          outbox,
          log,
          codec,
          clock,
          timers: systemTimers,
          random: systemRandom,
          metrics: metrics.getSingleMetric('parley_outbox_unsent') === undefined ? metrics : new Registry(),
          logger: pino({ level: 'silent' }),
        },
        settings,
      );
    /** So many removals, in one change. */
    const commit = (conversationId: string, events = 1): Promise<number> =>
      under.database.transaction(async (transaction) => {
        const type = 'group';
        const change =
          (await ConversationChange.lock(transaction, conversationId)) ??
          (await ConversationChange.create(transaction, conversationId, type, nowMs));
        for (let i = 0; i < events; i++) {
          change.record('member_removed', { user_id: conversationId, removed_by: conversationId });
        }
        return change.save(nowMs);
      });
    const upTo = (version: number): number[] => Array.from({ length: version }, (_, index) => index + 1);

    it('settles a change once the log has it, and marks it', async () => {
      const [one, id] = [relay(), randomUUID()];
      expect(await one.settle(id, await commit(id, 3))).toBe(true);
      expect(log.applied(id)).toEqual([1, 2, 3]);
      expect(log.held).toHaveLength(3);
      expect(await outbox.isSent(id, 3)).toBe(true);
      expect(await one.settle(id, 3)).toBe(true);
      expect(log.held).toHaveLength(3);
    });

    it('holds a 1:1 conversation as well, and two who make its row at once make one', async () => {
      const id = directConversationId(randomUUID(), randomUUID());
      const makeIt = () =>
        under.database.transaction(async (transaction) => {
          const change = await ConversationChange.create(transaction, id, 'one_on_one', nowMs);
          change.record('member_removed', { user_id: id, removed_by: id });
          return change.save(nowMs);
        });
      expect((await Promise.all([makeIt(), makeIt(), makeIt()])).sort()).toEqual([1, 2, 3]);
      expect(await relay().settle(id, 3)).toBe(true);
      expect(log.applied(id)).toEqual([1, 2, 3]);
    });

    it('says when that takes too long, and sends it once the log takes it', async () => {
      const [one, id] = [relay({ settleMs: 60, settlePauseMs: 5, retryMs: 0 }), randomUUID()];
      log.fate = () => 'lost';
      expect(await one.settle(id, await commit(id, 2))).toBe(false);
      expect(log.held).toEqual([]);
      log.fate = () => 'taken';
      nowMs += 1_000;
      expect(await one.settle(id, 2)).toBe(true);
      expect(log.applied(id)).toEqual([1, 2]);
    });

    it('rule 20: two relays at once lose and double nothing', async () => {
      const relays = [relay(), relay()];
      const ids = Array.from({ length: 12 }, () => randomUUID());
      for (const id of ids) await commit(id, 5);
      const later = ids.map(async (id, index) => relays[index % 2]!.settle(id, await commit(id)));
      await Promise.all([...relays.map((one) => one.sweep()), ...later]);
      expect(await Promise.all(later)).toEqual(ids.map(() => true));
      for (const id of ids) expect(log.applied(id)).toEqual(upTo(6));
      expect(log.held).toHaveLength(72);
    });

    it('finds what another left behind when it died, once its lease is over', async () => {
      const id = randomUUID();
      await commit(id, 2);
      await outbox.claim({ conversationId: id, holder: randomUUID(), nowMs, untilMs: nowMs + 10_000 });
      const one = relay();
      await one.sweep();
      expect(log.held).toEqual([]);
      nowMs += 10_000;
      await one.sweep();
      expect(log.applied(id)).toEqual([1, 2]);
    });

    it('sends a long backlog in the order of versions, page by page', async () => {
      const ids = Array.from({ length: 10 }, () => randomUUID());
      for (const id of ids) await commit(id, 25);
      await relay({ maxRows: 10, maxConcurrent: 1 }).sweep();
      for (const id of ids) expect(log.applied(id)).toEqual(upTo(25));
      expect(await outbox.backlog(1_000)).toEqual({ unsent: 0, oldestMs: null });
    });

    it('takes no change while far too much waits, and tells how old the oldest is', async () => {
      const [one, id] = [relay({ maxUnsent: 10, retryMs: 0, maxConcurrent: 1 }), randomUUID()];
      log.fate = () => 'lost';
      await commit(id, 20);
      nowMs += 7_000;
      one.admit();
      await one.sweep();
      expect(() => one.admit()).toThrow(expect.objectContaining({ code: 'overloaded' }));
      const text = await metrics.metrics();
      expect(text).toMatch(/^parley_outbox_unsent 10$/m);
      expect(text).toMatch(/^parley_outbox_oldest_unsent_seconds 7$/m);
      expect(text).toMatch(/^parley_outbox_refused_total 1$/m);
      log.fate = () => 'taken';
      nowMs += 1;
      await one.sweep();
      await one.sweep();
      one.admit();
      expect(log.applied(id)).toEqual(upTo(20));
    });

    it('forgets what was sent long ago, and never what was not', async () => {
      const [one, sent, unsent] = [relay({ keepMs: 1_000, retryMs: 0 }), randomUUID(), randomUUID()];
      await one.settle(sent, await commit(sent, 3));
      log.fate = () => 'lost';
      await commit(unsent, 2);
      nowMs += 2_000;
      await one.sweep();
      const rows = await under.database.kysely.selectFrom('outbox').select('conversation_id').execute();
      expect(rows.map((row) => row.conversation_id)).toEqual([unsent, unsent]);
    });

    it('ends after the appends under way, and takes nothing on after that', async () => {
      const [one, id] = [relay(), randomUUID()];
      const version = await commit(id);
      const settled = one.settle(id, version);
      await one.close();
      expect(await settled).toBe(true);
      await commit(id);
      expect(await one.settle(id, version + 1)).toBe(false);
      expect(log.held).toHaveLength(1);
    });
  });
}
