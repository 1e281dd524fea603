import type { PresenceChanged } from '@parley/schemas/generated/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownConnections } from './presence-known.ts';

const event = (device_id: string, connection_id: number, status: 'online' | 'offline'): PresenceChanged => ({
  user_id: 'u',
  device_id,
  connection_id,
  gateway_id: 'g',
  status,
  at_ms: connection_id,
  swept: false,
});

const events = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 1, max: 4 }), fc.constantFrom('online', 'offline')),
  { maxLength: 20 },
);

const online = (known: KnownConnections): string[] =>
  known
    .toCheck(1_000)
    .map(({ lease }) => `${lease.deviceId}${lease.connectionId}`)
    .sort();

describe('known connections', () => {
  it('rule 17: do not depend on the order or the number of the events, until the replay has ended', () => {
    const shuffled = events.chain((list) =>
      fc.record({
        list: fc.constant(list),
        order: fc.shuffledSubarray([...list, ...list], { minLength: list.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ list, order }) => {
        const outcome = (sequence: typeof list) => {
          const known = new KnownConnections(100, () => {});
          for (const [device, id, status] of sequence) known.apply(event(device, id, status));
          known.replayed();
          return online(known);
        };
        expect(outcome(order)).toEqual(outcome(list));
      }),
    );
  });

  it('are of each device the one with the greatest id, unless it has ended', () => {
    fc.assert(
      fc.property(events, (list) => {
        const known = new KnownConnections(100, () => {});
        for (const [device, id, status] of list) known.apply(event(device, id, status));
        known.replayed();
        const wanted = ['a', 'b', 'c'].flatMap((device) => {
          const own = list.filter(([one]) => one === device);
          const newest = Math.max(0, ...own.map(([, id]) => id));
          const hasEnded = own.some(([, id, status]) => id === newest && status === 'offline');
          return newest === 0 || hasEnded ? [] : [`${device}${newest}`];
        });
        expect(online(known)).toEqual(wanted);
      }),
    );
  });

  it('are bounded, and forgetting one that is online is counted', () => {
    let forgotten = 0;
    const known = new KnownConnections(3, () => forgotten++);
    for (let i = 0; i < 5; i++) known.apply(event(`${i}`, 1, 'online'));
    expect([known.size, forgotten]).toEqual([3, 2]);
  });

  it('are looked at in turn, and those that miss a lease every time', () => {
    const known = new KnownConnections(100, () => {});
    known.replayed();
    for (const device of ['a', 'b', 'c', 'd', 'e']) known.apply(event(device, 1, 'online'));
    known.toCheck(100).find(({ lease }) => lease.deviceId === 'e')!.missingSinceMs = 1;
    const turn = () =>
      known
        .toCheck(2)
        .map(({ lease }) => lease.deviceId)
        .join('');
    expect([turn(), turn(), turn()]).toEqual(['abe', 'cde', 'eab']);
  });

  it('forget a connection only if the device has no other by now', () => {
    const known = new KnownConnections(100, () => {});
    known.apply(event('a', 2, 'online'));
    known.remove({ userId: 'u', deviceId: 'a', connectionId: 1, gatewayId: 'g' });
    expect(known.size).toBe(1);
    known.remove({ userId: 'u', deviceId: 'a', connectionId: 2, gatewayId: 'g' });
    expect(known.size).toBe(0);
  });
});
