import { randomUUID } from 'node:crypto';
import { subprotocols } from '@parley/schemas/codec/frame-codec';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { topics } from '@parley/streams/log/topics';
import { describe, expect, it } from 'vitest';
import { startMs, TestGateway } from '../fixtures/gateway.fixture.ts';

describe('connecting', () => {
  it('section 3: registers the session, the lease and the online event before anything is sent', async () => {
    const gateway = new TestGateway();
    const [userId, deviceId] = [randomUUID(), randomUUID()];
    gateway.log.isHeld = true;
    const admitting = gateway.core.admit({
      authorization: `Bearer ${gateway.token(userId, deviceId)}`,
      offeredProtocols: subprotocols.avro,
      userId,
    });
    let isAdmitted = false;
    void admitting.then(() => {
      isAdmitted = true;
    });
    await gateway.settle();
    expect(isAdmitted).toBe(false);
    expect(gateway.log.held.map(({ topic }) => topic)).toEqual([topics.presence]);
    gateway.log.release();
    const { lease } = await admitting;
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([
      { userId, deviceId, gatewayId: 'gateway-1', connectionId: lease.connectionId },
    ]);
    expect(await gateway.presence.missing(lease.partition, [lease])).toEqual([]);
    expect(gateway.log.events('presence_changed')).toMatchObject([{ user_id: userId, status: 'online' }]);
  });

  it('says hello first, with the server time and the limits', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    expect(device.frames).toHaveLength(1);
    expect(device.of('hello')[0]).toMatchObject({
      ...{ user_id: device.userId, device_id: device.deviceId, gateway_id: 'gateway-1', server_time_ms: startMs },
      limits: { max_frame_bytes: 131_072, max_body_bytes: 65_536, live_window: 64, message_id_window_ms: 30_000 },
    });
  });

  const refused: [string, object, string][] = [
    ['no token', { authorization: '' }, 'unauthenticated'],
    ['a wrong token', { authorization: 'Bearer nonsense' }, 'unauthenticated'],
    ['another scheme', { authorization: 'Basic abc' }, 'unauthenticated'],
    ['another user in the URL', { userId: randomUUID() }, 'unauthenticated'],
    ['no protocol of ours', { offeredProtocols: 'graphql-ws' }, 'unsupported_protocol'],
  ];
  it.each(refused)('refuses %s', async (_what, fields, code) => {
    const gateway = new TestGateway();
    const userId = randomUUID();
    const authorization = `Bearer ${gateway.token(userId, randomUUID())}`;
    const handshake = { authorization, offeredProtocols: subprotocols.avro, userId, ...fields };
    await expect(gateway.core.admit(handshake)).rejects.toSatisfy((error) => hasCode(error, code as 'unauthenticated'));
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([]);
  });

  it('takes the token from a second subprotocol, and speaks the first protocol that it knows', async () => {
    const gateway = new TestGateway();
    const token = gateway.token(randomUUID(), randomUUID());
    const offeredProtocols = `chat, parley.v1.json, parley.v1.avro, bearer.${token}`;
    const admission = await gateway.core.admit({ authorization: '', offeredProtocols, userId: undefined });
    expect(admission).toMatchObject({ protocol: 'parley.v1.json', form: 'json' });
  });

  it('invariant 7: refuses a revoked device, and leaves no session of it', async () => {
    const gateway = new TestGateway();
    const [userId, deviceId] = [randomUUID(), randomUUID()];
    await gateway.sessions.revokeDevice({ userId, deviceId }, 60_000);
    await expect(gateway.device(userId, deviceId)).rejects.toSatisfy((error) => hasCode(error, 'device_revoked'));
    await gateway.settle();
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([]);
    expect(gateway.core.counts.connections).toBe(0);
  });

  it('holds at most so many connections', async () => {
    const gateway = new TestGateway({ maxConnections: 2 });
    await gateway.device();
    const second = await gateway.device();
    await expect(gateway.device()).rejects.toSatisfy((error) => hasCode(error, 'too_many_connections'));
    second.vanish();
    await gateway.device();
  });

  it('refuses, and takes everything back, when the registration takes too long', async () => {
    const gateway = new TestGateway({ admissionTimeoutMs: 3_000 });
    const userId = randomUUID();
    gateway.log.isHeld = true;
    const refusal = expect(gateway.device(userId)).rejects.toSatisfy((error) => hasCode(error, 'not_ready'));
    await gateway.settle();
    await gateway.time.advance(3_000);
    await refusal;
    gateway.log.release();
    await gateway.settle();
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([]);
    expect(gateway.log.events('presence_changed').map(({ status }) => status)).toEqual(['online', 'offline']);
    await gateway.device(userId);
  });

  it('takes an admission back whose client left before its socket was open', async () => {
    const gateway = new TestGateway();
    const userId = randomUUID();
    const authorization = `Bearer ${gateway.token(userId, randomUUID())}`;
    gateway.core.abandon(
      await gateway.core.admit({ authorization, offeredProtocols: subprotocols.avro, userId: undefined }),
    );
    await gateway.settle();
    expect((await gateway.sessions.lookup([userId]))[0]).toEqual([]);
    expect(gateway.log.events('presence_changed').map(({ status }) => status)).toEqual(['online', 'offline']);
  });
});

describe('the end of a session', () => {
  it('rule 17: an older connection of the same device is closed, and its end does not touch the newer one', async () => {
    const gateway = new TestGateway();
    const [userId, deviceId] = [randomUUID(), randomUUID()];
    const older = await gateway.device(userId, deviceId);
    const newer = await gateway.device(userId, deviceId);
    expect(older.closed).toEqual({ code: 4409, reason: 'superseded' });
    await gateway.settle();
    expect(newer.closed).toBeNull();
    expect((await gateway.sessions.lookup([userId]))[0]).toMatchObject([
      { connectionId: newer.connection.connectionId },
    ]);
    const ended = gateway.log.events('presence_changed').filter(({ status }) => status === 'offline');
    expect(ended).toMatchObject([{ connection_id: older.connection.connectionId }]);
  });

  it('removes the entry, says offline and releases the lease', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    const { connection } = device;
    device.vanish();
    await gateway.settle();
    expect((await gateway.sessions.lookup([device.userId]))[0]).toEqual([]);
    expect(gateway.log.events('presence_changed').at(-1)).toMatchObject({
      ...{ status: 'offline', connection_id: connection.connectionId, swept: false },
    });
    expect(await gateway.presence.missing(connection.partition, [connection])).toHaveLength(1);
  });

  it('rule 19: keeps the lease when offline could not be said, so that the sweep says it', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    const { connection } = device;
    gateway.log.failure = 'log_unavailable';
    device.vanish();
    await gateway.settle();
    expect(await gateway.presence.missing(connection.partition, [connection])).toEqual([]);
    expect((await gateway.sessions.lookup([device.userId]))[0]).toEqual([]);
  });
});

describe('time', () => {
  it('rule 19: closes a connection after 60 s without a frame; any frame counts', async () => {
    const gateway = new TestGateway();
    const [silent, lively] = [await gateway.device(), await gateway.device()];
    await gateway.seconds(59, lively);
    expect(silent.closed).toBeNull();
    await gateway.seconds(2, lively);
    expect(silent.closed).toEqual({ code: 4408, reason: 'heartbeat_timeout' });
    expect(lively.closed).toBeNull();
  });

  it('rule 17: renews entries and leases for as long as the connection lives', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    await gateway.seconds(600, device);
    expect((await gateway.sessions.lookup([device.userId]))[0]).toHaveLength(1);
    const { connection } = device;
    expect(await gateway.presence.expired(connection.partition, gateway.time.nowMs(), 10)).toEqual([]);
    expect(device.of('resync')).toEqual([]);
  });

  it('rule 17: a renewal that finds no entry rewrites it, says online again and asks the device to sync', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    await gateway.sessions.close();
    await gateway.seconds(25, device);
    expect(device.of('resync')).toEqual([{ reason: 'session_renewed' }]);
    expect((await gateway.sessions.lookup([device.userId]))[0]).toHaveLength(1);
    expect(gateway.log.events('presence_changed').map(({ status }) => status)).toEqual(['online', 'online']);
  });

  it('rule 17: one lost entry shows that all may be lost, and all are rewritten within seconds, once', async () => {
    const gateway = new TestGateway();
    const devices = [];
    for (let i = 0; i < 40; i++) devices.push(await gateway.device());
    await gateway.seconds(30, ...devices);
    await gateway.sessions.close();
    let seconds = 0;
    while (devices.every((device) => device.of('resync').length === 0)) {
      await gateway.seconds(1, ...devices);
      seconds++;
    }
    await gateway.seconds(3, ...devices);
    expect(seconds).toBeLessThan(20);
    for (const device of devices) expect(device.of('resync')).toHaveLength(1);
    await gateway.seconds(60, ...devices);
    for (const device of devices) expect(device.of('resync')).toHaveLength(1);
    expect(await gateway.sessions.lookup(devices.map(({ userId }) => userId))).not.toContainEqual([]);
  });

  it('rule 17: makes a renewal that failed again within seconds, so that leases do not run out over a short outage', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    const renew = gateway.sessions.renew.bind(gateway.sessions);
    let attempts = 0;
    gateway.sessions.renew = () => {
      attempts++;
      return Promise.reject(new Error('away'));
    };
    await gateway.seconds(40, device);
    expect(attempts).toBeGreaterThanOrEqual(3);
    gateway.sessions.renew = renew;
    await gateway.seconds(8, device);
    const { connection } = device;
    expect(await gateway.presence.expired(connection.partition, gateway.time.nowMs() + 40_000, 10)).toEqual([]);
  });

  it('rule 17: a renewal that finds a newer entry closes its socket', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    await gateway.time.advance(10);
    await gateway.sessions.register(device, 'gateway-2');
    await gateway.seconds(25, device);
    expect(device.closed).toEqual({ code: 4409, reason: 'superseded' });
    await gateway.settle();
    expect((await gateway.sessions.lookup([device.userId]))[0]).toMatchObject([{ gatewayId: 'gateway-2' }]);
  });

  it('survives renewals that fail', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    const renew = gateway.sessions.renew.bind(gateway.sessions);
    gateway.sessions.renew = () => Promise.reject(new Error('away'));
    await gateway.seconds(30, device);
    gateway.sessions.renew = renew;
    await gateway.seconds(30, device);
    expect(device.closed).toBeNull();
    expect(gateway.core.counts.renewalFailures).toBeGreaterThan(0);
  });
});
