/** What every SessionStore does (design rule 17). */
import { randomUUID } from 'node:crypto';
import type { SessionEntry } from '@parley/streams/delivery/delivery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SessionStore, sessionTtlMs } from './store.ts';

export interface SessionStoreUnderTest {
  readonly store: SessionStore;
  /** Moves the time that the store goes by. */
  advance(ms: number): void;
  /** Everything is lost, as after a restart of Redis without its data. */
  loseData(): Promise<void>;
  close(): Promise<void>;
}

export function sessionStoreContract(name: string, make: () => Promise<SessionStoreUnderTest>): void {
  describe(`SessionStore contract: ${name}`, () => {
    let under: SessionStoreUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    const connect = async (userId: string, deviceId: string, gatewayId = 'gateway-a:7000'): Promise<SessionEntry> => {
      const connectionId = await under.store.register({ userId, deviceId }, gatewayId);
      return { userId, deviceId, gatewayId, connectionId };
    };
    const sessionsOf = async (userId: string) => (await under.store.lookup([userId]))[0]!;

    it('finds every device of each user, in the order asked', async () => {
      const [ann, bob, nobody] = [randomUUID(), randomUUID(), randomUUID()];
      const phone = await connect(ann, 'phone', 'gateway-a:7000');
      const web = await connect(ann, 'web', 'gateway-b:7000');
      const desktop = await connect(bob, 'desktop');
      const [ofBob, ofNobody, ofAnn, again] = await under.store.lookup([bob, nobody, ann, bob]);
      expect(ofBob).toEqual([desktop]);
      expect(again).toEqual([desktop]);
      expect(ofNobody).toEqual([]);
      expect([...ofAnn!].sort((one, other) => one.deviceId.localeCompare(other.deviceId))).toEqual([phone, web]);
      expect(await under.store.lookup([])).toEqual([]);
    });

    it('keeps gateway ids whole, whatever they look like', async () => {
      const entry = await connect(randomUUID(), 'phone', '[2001:db8::7]:7000|1|2');
      expect(await sessionsOf(entry.userId)).toEqual([entry]);
    });

    it('rule 17: connection ids of a device grow, also within a millisecond and after a removal', async () => {
      const userId = randomUUID();
      const ids: number[] = [];
      for (let i = 0; i < 5; i++) ids.push((await connect(userId, 'phone')).connectionId);
      await under.store.remove(await sessionsOf(userId));
      for (let i = 0; i < 5; i++) ids.push((await connect(userId, 'phone')).connectionId);
      for (let i = 1; i < ids.length; i++) expect(ids[i]).toBeGreaterThan(ids[i - 1]!);
    });

    it('rule 17: connection ids grow after the store lost its data, and after a rewrite that followed', async () => {
      const old = await connect(randomUUID(), 'phone');
      under.advance(5);
      await under.loseData();
      expect(await sessionsOf(old.userId)).toEqual([]);
      const next = await connect(old.userId, 'phone');
      expect(next.connectionId).toBeGreaterThan(old.connectionId);
      await under.loseData();
      expect(await under.store.renew([next])).toEqual(['rewritten']);
      expect((await connect(old.userId, 'phone')).connectionId).toBeGreaterThan(next.connectionId);
    });

    it('rule 17: connection ids grow across a long absence', async () => {
      const old = await connect(randomUUID(), 'phone');
      under.advance(2 * sessionTtlMs);
      expect((await connect(old.userId, 'phone')).connectionId).toBeGreaterThan(old.connectionId);
    });

    it('rule 17: a renewal is renewed, rewritten or superseded, in the order given', async () => {
      const own = await connect(randomUUID(), 'phone');
      const older = await connect(randomUUID(), 'phone', 'gateway-old:7000');
      const newer = await connect(older.userId, 'phone', 'gateway-new:7000');
      const missing = { ...own, userId: randomUUID() };
      const overOlder = { ...(await connect(randomUUID(), 'web')), gatewayId: 'gateway-new:7000' };
      const ahead = { ...overOlder, connectionId: overOlder.connectionId + 7 };
      const results = await under.store.renew([own, older, missing, ahead, newer]);
      expect(results).toEqual(['renewed', 'superseded', 'rewritten', 'rewritten', 'renewed']);
      expect(await sessionsOf(older.userId)).toEqual([newer]);
      expect(await sessionsOf(missing.userId)).toEqual([missing]);
      expect(await sessionsOf(ahead.userId)).toEqual([ahead]);
      expect(await under.store.renew([])).toEqual([]);
    });

    it('rule 17: only the connection that wrote an entry removes it', async () => {
      const older = await connect(randomUUID(), 'phone', 'gateway-old:7000');
      const newer = await connect(older.userId, 'phone', 'gateway-new:7000');
      const web = await connect(older.userId, 'web');
      await under.store.remove([older]);
      expect(await sessionsOf(older.userId)).toHaveLength(2);
      await under.store.remove([newer, { ...newer, userId: randomUUID() }]);
      expect(await sessionsOf(older.userId)).toEqual([web]);
      await under.store.remove([]);
    });

    it('forgets an entry that was not renewed for 5 minutes, and keeps one that was', async () => {
      const silent = await connect(randomUUID(), 'phone');
      const beating = await connect(silent.userId, 'web');
      under.advance(sessionTtlMs - 1);
      expect(await sessionsOf(silent.userId)).toHaveLength(2);
      expect(await under.store.renew([beating])).toEqual(['renewed']);
      under.advance(1);
      expect(await sessionsOf(silent.userId)).toEqual([beating]);
      expect(await under.store.renew([silent])).toEqual(['rewritten']);
      under.advance(sessionTtlMs);
      expect(await sessionsOf(silent.userId)).toEqual([]);
    });

    it('rule 21: denies a revoked device until the time is over', async () => {
      const [revoked, other] = [randomUUID(), randomUUID()];
      expect(await under.store.isRevoked(revoked)).toBe(false);
      await under.store.revokeDevice({ userId: randomUUID(), deviceId: revoked }, 60_000);
      expect(await under.store.isRevoked(revoked)).toBe(true);
      expect(await under.store.isRevoked(other)).toBe(false);
    });
  });
}
