/** What every PresenceStore does (design rules 17 and 19). */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lease, leaseMs, maxPresenceDevices, type PresenceStore, watchMs } from './store.ts';

export interface PresenceStoreUnderTest {
  /** Goes by the time that each call gives. */
  readonly store: PresenceStore;
  loseData(): Promise<void>;
  close(): Promise<void>;
}

const startMs = 1_700_000_000_000;

function leaseFor(connectionId: number, changes: Partial<Lease> = {}): Lease {
  return { userId: randomUUID(), deviceId: randomUUID(), connectionId, gatewayId: 'gateway-a:7000|1', ...changes };
}

export function presenceStoreContract(name: string, make: () => Promise<PresenceStoreUnderTest>): void {
  describe(`PresenceStore contract: ${name}`, () => {
    let under: PresenceStoreUnderTest;
    let store: PresenceStore;
    beforeAll(async () => {
      under = await make();
      store = under.store;
    });
    afterAll(() => under.close());

    describe('leases', () => {
      it('rule 19: end 50 s after the last renewal, the oldest first, up to the limit', async () => {
        const [first, second, third] = [leaseFor(1), leaseFor(2), leaseFor(3)];
        const at = (lease: Lease) => ({ ...lease, partition: 3 });
        await store.renew([at(second)], startMs + 10);
        await store.renew([at(first), at(third)], startMs);
        await store.renew([at(third)], startMs + 20);
        expect(await store.expired(3, startMs + leaseMs - 1, 10)).toEqual([]);
        expect(await store.expired(3, startMs + leaseMs, 10)).toEqual([{ ...first, expiredAtMs: startMs + leaseMs }]);
        const all = await store.expired(3, startMs + leaseMs + 20, 10);
        expect(all.map((one) => one.connectionId)).toEqual([1, 2, 3]);
        expect(await store.expired(3, startMs + leaseMs + 20, 2)).toEqual(all.slice(0, 2));
        expect(await store.expired(4, startMs + leaseMs + 20, 10)).toEqual([]);
        for (const lease of [first, second, third]) await store.release(3, lease);
        expect(await store.expired(3, startMs + 10 * leaseMs, 10)).toEqual([]);
        await store.renew([], startMs);
      });

      it('rule 17: belong to one connection; releasing an older one leaves the newer', async () => {
        const older = leaseFor(1);
        const newer = { ...older, connectionId: 2 };
        await store.renew(
          [older, newer].map((lease) => ({ ...lease, partition: 5 })),
          startMs,
        );
        await store.release(5, older);
        expect(await store.missing(5, [older, newer])).toEqual([older]);
        expect(await store.expired(5, startMs + leaseMs, 10)).toHaveLength(1);
      });

      it('rule 19: are reported missing once the store has lost its data', async () => {
        const leases = [leaseFor(1), leaseFor(2)];
        await store.renew(
          leases.map((lease) => ({ ...lease, partition: 6 })),
          startMs,
        );
        expect(await store.missing(6, leases)).toEqual([]);
        expect(await store.missing(6, [])).toEqual([]);
        await under.loseData();
        expect(await store.missing(6, leases)).toEqual(leases);
        await store.renew([{ ...leases[1]!, partition: 6 }], startMs);
        expect(await store.missing(6, leases)).toEqual([leases[0]]);
      });

      it('are renewed and checked by the thousand', async () => {
        const leases = Array.from({ length: 2_500 }, (_, index) => ({ ...leaseFor(index + 1), partition: index % 2 }));
        await store.renew(leases, startMs);
        const even = leases.filter((lease) => lease.partition === 0);
        expect(await store.missing(0, [...even, leaseFor(9)])).toHaveLength(1);
        expect(await store.expired(0, startMs + leaseMs, 5_000)).toHaveLength(1_250);
      });
    });

    describe('users', () => {
      it('are online while one of their devices is, and last seen when the last one left', async () => {
        const phone = leaseFor(10);
        const web = { ...leaseFor(20), userId: phone.userId };
        const { userId } = phone;
        const online = { userId, status: 'online', lastSeenMs: null };
        expect(await store.read([userId])).toEqual([{ userId, status: 'offline', lastSeenMs: null }]);
        expect(await store.connect(phone, startMs)).toEqual(online);
        expect(await store.connect(web, startMs + 1)).toEqual(online);
        expect(await store.disconnect(phone, startMs + 2)).toEqual(online);
        const offline = { userId, status: 'offline', lastSeenMs: startMs + 3 };
        expect(await store.disconnect(web, startMs + 3)).toEqual(offline);
        const stranger = randomUUID();
        expect(await store.read([stranger, userId])).toEqual([
          { userId: stranger, status: 'offline', lastSeenMs: null },
          offline,
        ]);
        expect(await store.read([])).toEqual([]);
      });

      it('rule 17: offline ends only the connection that it names', async () => {
        const older = leaseFor(1);
        const newer = { ...older, connectionId: 2 };
        await store.connect(older, startMs);
        await store.connect(newer, startMs + 1);
        expect((await store.disconnect(older, startMs + 2)).status).toBe('online');
        expect((await store.disconnect(newer, startMs + 3)).status).toBe('offline');
      });

      it('rule 17: an older connection never undoes a newer one', async () => {
        const older = leaseFor(1);
        const newer = { ...older, connectionId: 2 };
        await store.connect(newer, startMs);
        await store.disconnect(newer, startMs + 1);
        expect(await store.connect(older, startMs + 2)).toMatchObject({ status: 'offline', lastSeenMs: startMs + 1 });
        await store.disconnect(older, startMs + 9);
        expect(await store.read([older.userId])).toMatchObject([{ status: 'offline', lastSeenMs: startMs + 1 }]);
      });

      it('an end that comes before its beginning holds', async () => {
        const lease = leaseFor(5);
        await store.disconnect(lease, startMs + 5);
        expect((await store.connect(lease, startMs)).status).toBe('offline');
      });

      it('the same events again change nothing, and a connection that comes back later is online', async () => {
        const lease = leaseFor(5);
        await store.connect(lease, startMs);
        await store.disconnect(lease, startMs + 5);
        expect((await store.connect(lease, startMs)).status).toBe('offline');
        expect(await store.disconnect(lease, startMs + 9)).toMatchObject({ lastSeenMs: startMs + 5 });
        expect((await store.connect(lease, startMs + 6)).status).toBe('online');
      });

      it('an end applies even if the clock that stamped the beginning was ahead', async () => {
        const lease = leaseFor(5);
        await store.connect(lease, startMs + 3_600_000);
        expect((await store.disconnect(lease, startMs)).status).toBe('offline');
      });

      it('keep a bounded number of devices, those online before those that left', async () => {
        const { userId } = leaseFor(1);
        const first = { ...leaseFor(1), userId };
        await store.connect(first, startMs);
        for (let i = 1; i <= 2 * maxPresenceDevices; i++) {
          const lease = { ...leaseFor(1), userId };
          await store.connect(lease, startMs + i);
          await store.disconnect(lease, startMs + i);
        }
        expect((await store.read([userId]))[0]!.status).toBe('online');
        expect((await store.disconnect(first, startMs + 500)).lastSeenMs).toBe(startMs + 500);
      });
    });

    describe('watchers', () => {
      it('rule 19: are the gateways that asked within 5 minutes', async () => {
        const [ann, bob] = [randomUUID(), randomUUID()];
        await store.watch('gateway-a', [ann, bob], startMs);
        await store.watch('gateway-b', [ann], startMs + 1_000);
        await store.watch('gateway-b', [], startMs);
        expect([...(await store.watchers(ann, startMs + 2_000))].sort()).toEqual(['gateway-a', 'gateway-b']);
        expect(await store.watchers(bob, startMs + 2_000)).toEqual(['gateway-a']);
        expect(await store.watchers(randomUUID(), startMs)).toEqual([]);
        expect(await store.watchers(ann, startMs + watchMs)).toEqual(['gateway-b']);
        await store.watch('gateway-a', [ann], startMs + watchMs);
        await store.unwatch('gateway-b', [ann, randomUUID()]);
        await store.unwatch('gateway-b', []);
        expect(await store.watchers(ann, startMs + watchMs + 1)).toEqual(['gateway-a']);
        expect(await store.watchers(bob, startMs + watchMs + 1)).toEqual([]);
      });
    });
  });
}
