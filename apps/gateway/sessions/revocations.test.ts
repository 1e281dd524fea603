import { randomUUID } from 'node:crypto';
import type { RevocationFeed, RevocationListener } from '@parley/projections/sessions/revocations';
import { subprotocols } from '@parley/schemas/codec/frame-codec';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';
import { FakeDevice } from '../fixtures/socket.fixture.ts';

const revokedClose = { code: 4403, reason: 'device_revoked' };

/** A feed that says only what the test says. */
class SilentFeed implements RevocationFeed {
  readonly listeners = new Set<RevocationListener>();

  listen(listener: RevocationListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}

describe('a device that is revoked', () => {
  it('rule 21: is disconnected at once, its entry is gone, and others stay', async () => {
    const gateway = new TestGateway();
    const [device, other] = [await gateway.device(), await gateway.device()];
    await gateway.sessions.revokeDevice(device, 600_000);
    expect(device.closed).toEqual(revokedClose);
    expect(other.closed).toBeNull();
    await gateway.settle();
    expect((await gateway.sessions.lookup([device.userId]))[0]).toEqual([]);
  });

  it('rule 21: is disconnected by the periodic look when nobody heard of it', async () => {
    const gateway = new TestGateway({}, { revocations: new SilentFeed() });
    const device = await gateway.device();
    await gateway.sessions.revokeDevice(device, 600_000);
    expect(device.closed).toBeNull();
    await gateway.seconds(65, device);
    expect(device.closed).toEqual(revokedClose);
  });

  it('rule 21: is disconnected when the feed may have missed it, and hears again', async () => {
    const feed = new SilentFeed();
    const gateway = new TestGateway({}, { revocations: feed });
    const devices = await Promise.all(Array.from({ length: 1_200 }, () => gateway.device()));
    const revoked = [devices[0]!, devices[700]!, devices[1_199]!];
    for (const device of revoked) await gateway.sessions.revokeDevice(device, 600_000);
    for (const listener of feed.listeners) {
      listener.missed();
      listener.missed();
    }
    await gateway.settle();
    expect(devices.filter(({ closed }) => closed !== null)).toEqual(revoked);
  });

  it('rule 21: is not let in when it is revoked between the look at the denylist and the opening of its socket', async () => {
    const gateway = new TestGateway();
    const [userId, deviceId] = [randomUUID(), randomUUID()];
    const authorization = `Bearer ${gateway.token(userId, deviceId)}`;
    const admission = await gateway.core.admit({ authorization, offeredProtocols: subprotocols.avro, userId });
    await gateway.sessions.revokeDevice({ userId, deviceId }, 600_000);
    const device = new FakeDevice(gateway.core, userId, deviceId);
    device.connection = gateway.core.open(admission, device);
    expect(device.closed).toEqual(revokedClose);
    await gateway.settle();
    expect(gateway.core.counts.connections).toBe(0);
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([]);
  });

  it('is no longer listened for by a gateway that has stopped', async () => {
    const feed = new SilentFeed();
    const gateway = new TestGateway({}, { revocations: feed });
    expect(feed.listeners.size).toBe(1);
    const stopping = gateway.core.stop();
    await gateway.seconds(3);
    await stopping;
    expect(feed.listeners.size).toBe(0);
  });
});
