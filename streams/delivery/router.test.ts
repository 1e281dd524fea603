import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { DeliveryItem, GatewayLink, Routable, SessionEntry, SessionLookup, Unreached } from './delivery.ts';
import { everyTarget } from './gateway-outbox.ts';
import { deviceKey, Router } from './router.ts';

class Sessions implements SessionLookup {
  readonly asked: string[][] = [];
  readonly #entries: readonly SessionEntry[];

  constructor(entries: readonly SessionEntry[]) {
    this.#entries = entries;
  }

  lookup(userIds: readonly string[]): Promise<SessionEntry[][]> {
    this.asked.push([...userIds]);
    return Promise.resolve(userIds.map((userId) => this.#entries.filter((one) => one.userId === userId)));
  }
}

class Gateways implements GatewayLink {
  readonly delivered: { readonly gatewayId: string; readonly items: readonly DeliveryItem[] }[] = [];
  readonly #absent: ReadonlySet<string>;
  readonly #dead: ReadonlySet<string>;

  constructor(absentDevices: readonly string[] = [], deadGateways: readonly string[] = []) {
    this.#absent = new Set(absentDevices);
    this.#dead = new Set(deadGateways);
  }

  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<Unreached[]> {
    this.delivered.push({ gatewayId, items });
    const all = everyTarget(items);
    if (this.#dead.has(gatewayId)) return Promise.resolve(all);
    return Promise.resolve(all.filter(({ item, target }) => this.#absent.has(items[item]!.targets[target]!.deviceId)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What each device was given, in order. */
  framesByDevice(): Map<string, string[]> {
    const frames = new Map<string, string[]>();
    for (const { items } of this.delivered) {
      for (const { frame, targets } of items) {
        for (const { userId, deviceId } of targets) {
          const key = deviceKey(userId, deviceId);
          frames.set(key, [...(frames.get(key) ?? []), frame.toString()]);
        }
      }
    }
    return frames;
  }
}

const session = (userId: string, deviceId: string, gatewayId: string, connectionId = 1): SessionEntry => ({
  userId,
  deviceId,
  gatewayId,
  connectionId,
});

const routable = (text: string, userIds: readonly string[], rest: Partial<Routable> = {}): Routable => ({
  frame: Buffer.from(text),
  position: { conversationId: 'c', seq: 1, atMs: 2 },
  userIds,
  ...rest,
});

const sorted = (set: ReadonlySet<string>): string[] => [...set].sort();

describe('Router', () => {
  it('looks every user up once for a call, and makes one delivery per gateway with the items in order', async () => {
    const sessions = new Sessions([
      session('u1', 'd1', 'g1'),
      session('u1', 'd2', 'g2'),
      session('u2', 'd3', 'g1'),
      session('u3', 'd4', 'g2'),
    ]);
    const gateways = new Gateways();
    const both = ['u1', 'u2'];
    const items = [routable('1', both), routable('2', ['u3', 'u1']), routable('3', both), routable('4', ['u9'])];
    const { reached } = await new Router(sessions, gateways).route(items);
    expect(sessions.asked).toEqual([['u1', 'u2', 'u3', 'u9']]);
    expect(gateways.delivered.map(({ gatewayId }) => gatewayId).sort()).toEqual(['g1', 'g2']);
    const texts = (gatewayId: string) =>
      gateways.delivered.find((one) => one.gatewayId === gatewayId)!.items.map(({ frame }) => frame.toString());
    expect(texts('g1')).toEqual(['1', '2', '3']);
    expect(texts('g2')).toEqual(['1', '2', '3']);
    expect(reached.map(sorted)).toEqual([
      ['u1/d1', 'u1/d2', 'u2/d3'],
      ['u1/d1', 'u1/d2', 'u3/d4'],
      ['u1/d1', 'u1/d2', 'u2/d3'],
      [],
    ]);
  });

  it('copies no frame, and lays out the targets of a list of users once', async () => {
    const members = ['u1', 'u2', 'u3'];
    const sessions = new Sessions(members.flatMap((user) => [session(user, `${user}-phone`, 'g1')]));
    const gateways = new Gateways();
    const items = [
      routable('1', members),
      routable('2', members, { exceptDeviceId: 'u1-phone' }),
      routable('3', members),
      routable('4', members, { exceptDeviceId: 'u1-phone' }),
      routable('5', members, { exceptDeviceId: 'not-connected' }),
    ];
    const { reached } = await new Router(sessions, gateways).route(items);
    const sent = gateways.delivered[0]!.items;
    expect(sent.map(({ frame }, index) => frame === items[index]!.frame)).toEqual([true, true, true, true, true]);
    expect(sent[2]!.targets).toBe(sent[0]!.targets);
    expect(sent[4]!.targets).toBe(sent[0]!.targets);
    expect(sent[3]!.targets).toBe(sent[1]!.targets);
    expect(sent[1]!.targets.map(({ deviceId }) => deviceId)).toEqual(['u2-phone', 'u3-phone']);
    // Whoever works out who was missed does it once for all of them.
    expect(new Set(reached).size).toBe(1);
  });

  it('names the connection that the session entry names', async () => {
    const gateways = new Gateways();
    await new Router(new Sessions([session('u1', 'd1', 'g1', 41)]), gateways).route([routable('1', ['u1'])]);
    expect(gateways.delivered[0]!.items[0]!.targets).toEqual([{ userId: 'u1', deviceId: 'd1', connectionId: 41 }]);
  });

  it('rule 16: whoever a gateway did not take is not reached, nor is anybody on a gateway that does not answer', async () => {
    const sessions = new Sessions([
      session('u1', 'd1', 'g1'),
      session('u1', 'gone', 'g1'),
      session('u2', 'd2', 'dead'),
    ]);
    const metrics = new Registry();
    const router = new Router(sessions, new Gateways(['gone'], ['dead']), metrics);
    const list = ['u1', 'u2'];
    const { reached } = await router.route([routable('1', list), routable('2', list, { onlyDeviceId: 'd1' })]);
    expect(reached.map(sorted)).toEqual([['u1/d1'], ['u1/d1']]);
    const text = await metrics.metrics();
    expect(text).toContain('parley_router_deliveries_total 2');
    expect(text).toContain('parley_router_unreached_total 2');
  });

  it('delivers nothing and looks nobody up for an empty call', async () => {
    const sessions = new Sessions([]);
    expect(await new Router(sessions, new Gateways()).route([])).toEqual({ reached: [] });
    expect(sessions.asked).toEqual([]);
  });

  it('passes the failure of the look-up on: the call is to be made again', async () => {
    const failing: SessionLookup = { lookup: () => Promise.reject(new Error('redis is down')) };
    await expect(new Router(failing, new Gateways()).route([routable('1', ['u1'])])).rejects.toThrow('redis is down');
  });

  it('gives each device exactly the frames that are for it, whatever the lists, exceptions and absences', async () => {
    const users = ['u0', 'u1', 'u2', 'u3'];
    const devices = users.flatMap((user) => [`${user}-a`, `${user}-b`]);
    const gatewayIds = ['g0', 'g1', 'g2'];
    const lists = fc.array(fc.uniqueArray(fc.constantFrom(...users)), { minLength: 1, maxLength: 3 });
    const device = fc.constantFrom(...devices);
    const scenario = fc.record({
      placed: fc.dictionary(device, fc.constantFrom(...gatewayIds)),
      absent: fc.uniqueArray(device),
      lists,
      items: fc.array(
        fc.record({
          list: fc.nat(2),
          except: fc.option(device, { nil: undefined }),
          only: fc.option(device, { nil: undefined, freq: 3 }),
        }),
        { maxLength: 12 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ placed, absent, lists, items }) => {
        const entries = Object.entries(placed).map(([id, gatewayId]) => session(id.slice(0, 2), id, gatewayId));
        const gateways = new Gateways(absent);
        const routables = items.map(({ list, except, only }, index) =>
          routable(`${index}`, lists[list % lists.length]!, {
            ...(except === undefined ? {} : { exceptDeviceId: except }),
            ...(only === undefined ? {} : { onlyDeviceId: only }),
          }),
        );
        const { reached } = await new Router(new Sessions(entries), gateways).route(routables);
        const isFor = (one: Routable, { userId, deviceId }: SessionEntry) =>
          one.userIds.includes(userId) &&
          deviceId !== one.exceptDeviceId &&
          (one.onlyDeviceId === undefined || one.onlyDeviceId === deviceId);
        const given = gateways.framesByDevice();
        for (const entry of entries) {
          const wanted = routables.flatMap((one, index) => (isFor(one, entry) ? [`${index}`] : []));
          expect(given.get(deviceKey(entry.userId, entry.deviceId)) ?? []).toEqual(wanted);
        }
        // The device that was left out may be among them: nobody asks for it.
        const others = reached.map((keys, index) =>
          sorted(keys).filter((key) => key.slice(key.indexOf('/') + 1) !== routables[index]!.exceptDeviceId),
        );
        expect(others).toEqual(
          routables.map((one) =>
            entries
              .filter((entry) => isFor(one, entry) && !absent.includes(entry.deviceId))
              .map((entry) => deviceKey(entry.userId, entry.deviceId))
              .sort(),
          ),
        );
      }),
    );
  });
});
