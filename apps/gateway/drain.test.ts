import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { describe, expect, it } from 'vitest';
import { TestGateway } from './fixtures/gateway.fixture.ts';
import type { FakeDevice } from './fixtures/socket.fixture.ts';

const going = { code: 4503, reason: 'going_away' };

function verdict(gateway: TestGateway, device: FakeDevice, conversationId: string): void {
  const accepted = { conversation_id: conversationId, message_id: 'x', seq: 1, ordinal: 1, at_ms: 5 };
  const { userId, deviceId, connection } = device;
  const targets = [{ userId, deviceId, connectionId: connection.connectionId }];
  gateway.core.sink.deliver([{ frame: encodeFrame('accepted', accepted), position: null, targets }]);
}

describe('drain', () => {
  it('is not ready, says go_away with different delays, then closes everybody and ends their sessions', async () => {
    const gateway = new TestGateway({ drainConnectionsPerSecond: 10 });
    const devices = await Promise.all(Array.from({ length: 20 }, () => gateway.device()));
    let isDrained = false;
    const draining = gateway.core.drain().then(() => {
      isDrained = true;
    });
    expect(gateway.core.isReady()).toBe(false);
    await expect(gateway.device()).rejects.toSatisfy((error) => hasCode(error, 'going_away'));
    const delays = devices.map((device) => device.of('go_away')[0]!.reconnect_after_ms);
    expect(new Set(delays).size).toBe(20);
    expect(Math.max(...delays)).toBe(1_900);
    await gateway.pass(1_000);
    const closed = devices.filter((device) => device.closed !== null);
    expect(closed.length).toBeGreaterThan(5);
    expect(closed.length).toBeLessThan(15);
    expect(isDrained).toBe(false);
    await gateway.pass(1_200);
    await draining;
    for (const device of devices) expect(device.closed).toEqual(going);
    const offline = gateway.log.events('presence_changed').filter(({ status }) => status === 'offline');
    expect(offline).toHaveLength(20);
    expect((await gateway.sessions.lookup(devices.map(({ userId }) => userId))).flat()).toEqual([]);
  });

  it('loses no acknowledgement: waits for sends that are on their way into the log, and for their verdicts', async () => {
    const gateway = new TestGateway();
    const { alice, bob } = await gateway.pair();
    gateway.log.isHeld = true;
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    const draining = gateway.core.drain();
    await gateway.pass(3_000);
    expect(bob.closed).toEqual(going);
    expect(alice.closed).toBeNull();
    gateway.log.release();
    await gateway.pass(100);
    expect(alice.of('appended')).toHaveLength(1);
    expect(alice.closed).toEqual(going);
    await draining;
  });

  it('waits a moment for a verdict that is due', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    const draining = gateway.core.drain();
    await gateway.pass(500);
    expect(alice.closed).toBeNull();
    verdict(gateway, alice, conversationId);
    await gateway.pass(100);
    expect(alice.of('accepted')).toHaveLength(1);
    expect(alice.closed).toEqual(going);
    await draining;
  });

  it('goes on working for a connection until its moment', async () => {
    const gateway = new TestGateway({ drainConnectionsPerSecond: 1 });
    const { alice, bob } = await gateway.pair();
    const draining = gateway.core.drain();
    const later = [alice, bob].find((device) => device.of('go_away')[0]!.reconnect_after_ms > 0)!;
    await gateway.pass(500);
    later.say('send', gateway.sendFrame(later, later === alice ? bob : alice));
    await gateway.settle();
    expect(later.of('appended')).toHaveLength(1);
    await gateway.pass(5_000);
    await draining;
  });

  it('ends at its deadline, whatever is still open', async () => {
    const gateway = new TestGateway({ drainTimeoutMs: 4_000 });
    const { alice, bob } = await gateway.pair();
    gateway.log.isHeld = true;
    alice.say('send', gateway.sendFrame(alice, bob));
    await gateway.settle();
    const draining = gateway.core.drain();
    await gateway.pass(4_100);
    await draining;
    expect(alice.closed).toEqual(going);
  });

  it('stop ends what is left at once, and pushes what was not acknowledged', async () => {
    const gateway = new TestGateway();
    const { alice, bob, conversationId } = await gateway.pair();
    gateway.publish(conversationId, 2, alice.userId, [bob]);
    const stopping = gateway.core.stop();
    await gateway.pass(100);
    await stopping;
    expect([alice.closed, bob.closed]).toEqual([going, going]);
    expect(gateway.log.events('push_job').map(({ seq }) => seq)).toEqual([1, 2]);
    expect(gateway.time.nextAtMs()).toBeNull();
  });
});
