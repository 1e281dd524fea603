import { randomUUID } from 'node:crypto';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { describe, expect, it } from 'vitest';
import { TestGateway } from './fixtures/gateway.fixture.ts';

const presence = (userId: string, status: 'online' | 'offline') => ({
  frame: encodeFrame('presence', { user_id: userId, status, last_seen_ms: null }),
  ...{ position: null, targets: [], watchersOf: userId },
});

describe('watch', () => {
  it('answers with the presence of each, and registers the gateway as a watcher first', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    await gateway.presence.connect(bob.connection, gateway.time.nowMs());
    const { read } = gateway.presence;
    gateway.presence.read = async (userIds) => {
      expect(await gateway.presence.watchers(bob.userId, gateway.time.nowMs())).toEqual(['gateway-1']);
      return read.call(gateway.presence, userIds);
    };
    const nobody = randomUUID();
    alice.say('watch', { request_id: 1, user_ids: [bob.userId, nobody] });
    await gateway.settle();
    expect(alice.of('presence')).toEqual([
      { user_id: bob.userId, status: 'online', last_seen_ms: null },
      { user_id: nobody, status: 'offline', last_seen_ms: null },
    ]);
  });

  it('rule 19: passes changes to those who watch the user, and to nobody else', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const carol = await gateway.device();
    alice.say('watch', { request_id: 1, user_ids: [bob.userId] });
    carol.say('watch', { request_id: 1, user_ids: [bob.userId] });
    await gateway.settle();
    gateway.core.sink.deliver([presence(bob.userId, 'online')]);
    expect(alice.of('presence')).toHaveLength(2);
    expect(bob.of('presence')).toEqual([]);
    alice.say('unwatch', { request_id: 2, user_ids: [bob.userId] });
    await gateway.settle();
    gateway.core.sink.deliver([presence(bob.userId, 'offline')]);
    expect(alice.of('presence')).toHaveLength(2);
    expect(carol.of('presence')).toHaveLength(3);
  });

  it('rule 19: a change that comes while the answer is read is not undone by it', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const other = randomUUID();
    const { read } = gateway.presence;
    gateway.presence.read = async (userIds) => {
      const old = await read.call(gateway.presence, userIds);
      gateway.core.sink.deliver([presence(bob.userId, 'online')]);
      return old;
    };
    alice.say('watch', { request_id: 1, user_ids: [bob.userId, other] });
    await gateway.settle();
    const told = alice.of('presence').map(({ user_id, status }) => [user_id, status]);
    expect(told).toHaveLength(2);
    expect(Object.fromEntries(told)).toEqual({ [bob.userId]: 'online', [other]: 'offline' });
  });

  it('tells the store when nobody here watches a user any more', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const carol = await gateway.device();
    const watchers = () => gateway.presence.watchers(bob.userId, gateway.time.nowMs());
    for (const device of [alice, carol]) device.say('watch', { request_id: 1, user_ids: [bob.userId] });
    await gateway.settle();
    alice.say('unwatch', { request_id: 1, user_ids: [bob.userId] });
    await gateway.settle();
    expect(await watchers()).toEqual(['gateway-1']);
    carol.vanish();
    await gateway.settle();
    expect(await watchers()).toEqual([]);
  });

  it('rule 19: says every watch again before the store forgets it', async () => {
    const gateway = new TestGateway();
    const alice = await gateway.device();
    const userIds = Array.from({ length: 250 }, () => randomUUID());
    alice.say('watch', { request_id: 1, user_ids: userIds });
    await gateway.settle();
    await gateway.seconds(700, alice);
    for (const userId of userIds) {
      expect(await gateway.presence.watchers(userId, gateway.time.nowMs())).toEqual(['gateway-1']);
    }
  });

  it('is bounded per connection, and takes only user ids', async () => {
    const gateway = new TestGateway({ maxWatched: 3 });
    const alice = await gateway.device();
    const [first, ...others] = Array.from({ length: 4 }, () => randomUUID());
    alice.say('watch', { request_id: 1, user_ids: [first!, first!] });
    await gateway.settle();
    alice.say('watch', { request_id: 2, user_ids: [first!, ...others] });
    alice.say('watch', { request_id: 3, user_ids: ['x'] });
    await gateway.settle();
    expect(alice.of('error').map(({ code, request_id }) => [code, request_id])).toEqual([
      ['invalid_request', 2],
      ['invalid_request', 3],
    ]);
    expect(alice.connection.watched?.size).toBe(1);
  });

  it('takes a watch back that could not be registered', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    const { watch } = gateway.presence;
    gateway.presence.watch = () => Promise.reject(new Error('away'));
    alice.say('watch', { request_id: 1, user_ids: [bob.userId] });
    await gateway.settle();
    expect(alice.errorCodes).toEqual(['internal']);
    expect(alice.connection.watched).toBeNull();
    gateway.presence.watch = watch.bind(gateway.presence);
    alice.say('watch', { request_id: 2, user_ids: [bob.userId] });
    await gateway.settle();
    expect(alice.of('presence')).toHaveLength(1);
  });
});
