import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import type { FakeDevice } from '../fixtures/socket.fixture.ts';

const change = (userId: string, status: 'online' | 'offline', last_seen_ms: number | null = null) => ({
  frame: encodeFrame('presence', { user_id: userId, status, last_seen_ms }),
  ...{ position: null, targets: [], watchersOf: userId },
});

async function watching() {
  const gateway = new TestGateway();
  const { alice, bob } = await gateway.pair();
  await gateway.presence.connect(bob.connection, gateway.time.nowMs());
  let request_id = 0;
  const watch = async (who: FakeDevice) => {
    who.say('watch', { request_id: ++request_id, user_ids: [bob.userId] });
    await gateway.settle();
  };
  const told = async (...items: Parameters<typeof change>[]) => {
    gateway.core.sink.deliver(items.map((item) => change(...item)));
    await gateway.settle();
    return alice.of('presence').map(({ status, last_seen_ms }) => [status, last_seen_ms]);
  };
  return { gateway, alice, bob, watch, told };
}

const online = ['online', null];
const nothing = ['offline', null];

describe('who may not see the presence of a user', () => {
  it('is answered as of somebody who never was here, and hears of no change', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    gateway.privacy.settings.set(bob.userId, { lastSeen: 'nobody' });
    await watch(alice);
    expect(await told([bob.userId, 'offline', 5])).toEqual([nothing]);
    expect(await told([bob.userId, 'online'])).toEqual([nothing]);
  });

  it('is who hides theirs, from whoever does not', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    gateway.privacy.settings.set(alice.userId, { lastSeen: 'nobody' });
    await watch(alice);
    await watch(bob);
    expect(await told([bob.userId, 'offline', 5])).toEqual([nothing]);
    expect(bob.of('presence'), 'one sees oneself').toMatchObject([{ status: 'online' }, { last_seen_ms: 5 }]);
  });

  it('is who stands not in the address book, where contacts alone may', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    const carol = await gateway.device();
    gateway.privacy.settings.set(bob.userId, { lastSeen: 'contacts' });
    gateway.privacy.relate(bob.userId, carol.userId, { isContact: true });
    gateway.privacy.relate(alice.userId, bob.userId, { isContact: true });
    await watch(alice);
    await watch(carol);
    expect(await told([bob.userId, 'offline', 5])).toEqual([nothing]);
    expect(carol.of('presence')).toMatchObject([{ status: 'online' }, { status: 'offline', last_seen_ms: 5 }]);
  });

  it('is whom the user has blocked, and who has blocked the user', async () => {
    for (const isByBob of [true, false]) {
      const { gateway, bob, alice, watch, told } = await watching();
      const [owner, other] = isByBob ? [bob, alice] : [alice, bob];
      gateway.privacy.relate(owner.userId, other.userId, { isBlocked: true });
      await watch(alice);
      expect(await told([bob.userId, 'offline', 5])).toEqual([nothing]);
    }
  });
});

describe('a change of who may see', () => {
  it('keeps changes back within a minute, and takes what is shown back within three', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    await watch(alice);
    gateway.privacy.settings.set(bob.userId, { lastSeen: 'nobody' });
    await gateway.seconds(61, alice, bob);
    expect(await told([bob.userId, 'offline', 5])).toEqual([online, nothing]);
    expect(await told([bob.userId, 'online'])).toEqual([online, nothing]);
    gateway.privacy.settings.set(bob.userId, {});
    await gateway.presence.disconnect(bob.connection, 7);
    await gateway.seconds(181, alice);
    expect(await told()).toEqual([online, nothing, ['offline', 7]]);
  });

  it('is felt without any change of presence', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    await watch(alice);
    gateway.privacy.settings.set(alice.userId, { lastSeen: 'nobody' });
    await gateway.seconds(181, alice, bob);
    expect(await told()).toEqual([online, nothing]);
  });
});

describe('while the directory is away', () => {
  const unavailable = new ParleyError('unavailable');

  it('nobody new is told anything, and a watch says when to try again', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    gateway.privacy.failure = unavailable;
    await watch(alice);
    expect(await told([bob.userId, 'offline', 5])).toEqual([]);
    expect(alice.of('error')).toMatchObject([{ code: 'unavailable', request_id: 1, retry_after_ms: 1_000 }]);
  });

  it('the newest change waits where it is not known who may see it, and is told after', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    await watch(alice);
    const carol = await gateway.device();
    gateway.privacy.failure = unavailable;
    // Carol's watch is under way, nobody knows yet what she may see.
    carol.say('watch', { request_id: 1, user_ids: [bob.userId] });
    expect(await told([bob.userId, 'offline', 5], [bob.userId, 'online'], [bob.userId, 'offline', 6])).toEqual([
      online,
    ]);
    await gateway.presence.disconnect(bob.connection, 6);
    gateway.privacy.failure = null;
    await gateway.seconds(2, alice);
    expect(await told()).toEqual([online, ['offline', 6]]);
  });
});

describe('what is remembered of presence', () => {
  it('is read once for all who watch a user here, is kept up by changes, and ends with the last watcher', async () => {
    const { gateway, bob, alice, watch } = await watching();
    let reads = 0;
    const { read } = gateway.presence;
    gateway.presence.read = (userIds) => {
      reads++;
      return read.call(gateway.presence, userIds);
    };
    await watch(alice);
    gateway.core.sink.deliver([change(bob.userId, 'offline', 9)]);
    const carol = await gateway.device();
    await watch(carol);
    expect(carol.of('presence')).toMatchObject([{ status: 'offline', last_seen_ms: 9 }]);
    expect(reads).toBe(1);
    for (const device of [alice, carol]) device.vanish();
    const dave = await gateway.device();
    await watch(dave);
    expect(reads).toBe(2);
    expect(dave.of('presence')).toMatchObject([{ status: 'online' }]);
  });

  it('is bounded', async () => {
    const gateway = new TestGateway({ maxCachedPresences: 1 });
    const { alice, bob } = await gateway.pair();
    const watch = async (userId: string) => {
      alice.say('watch', { request_id: 1, user_ids: [userId] });
      await gateway.settle();
    };
    await watch(bob.userId);
    await watch(alice.userId);
    await watch(bob.userId);
    expect(alice.of('presence').map(({ user_id }) => user_id)).toEqual([bob.userId, alice.userId, bob.userId]);
  });

  it('is made good within two minutes where a change got lost, and not undone by a store that lost its data', async () => {
    const { gateway, bob, alice, watch, told } = await watching();
    await watch(alice);
    await gateway.presence.disconnect(bob.connection, 8);
    await gateway.seconds(121, alice, bob);
    expect(await told()).toEqual([online, ['offline', 8]]);
    await gateway.presence.close();
    await gateway.seconds(121, alice, bob);
    expect(await told()).toEqual([online, ['offline', 8]]);
  });
});
