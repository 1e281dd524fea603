import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { systemClock, systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { SignJWT } from 'jose';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LinkSettings } from './batching-link.ts';
import { deliveryService, loaderOptions, type WireBatch, type WireTaken } from './delivery-schema.ts';
import { deliverySecret, signDeliveryToken } from './delivery-token.ts';
import { connection, item, linkContract, RecordingSink } from './link.contract.ts';
import { GrpcLink, type GrpcSink, startGrpcSink } from './link.grpc.ts';

const secret = deliverySecret('a secret of the cell, known to no other');
const logger = pino({ level: 'silent' });
const closers: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const makeLink = (settings: Partial<LinkSettings> = {}, own = secret, clock = systemClock): GrpcLink => {
  const link = new GrpcLink(
    { timers: systemTimers, random: systemRandom, metrics: new Registry(), logger, clock, secret: own },
    settings,
  );
  closers.push(() => link.close());
  return link;
};

const startSink = async (sink: RecordingSink, port = 0, maxStreams = 16): Promise<GrpcSink> => {
  const options = { host: '127.0.0.1', port, sink, secret, clock: systemClock, logger, maxStreams };
  const started = await startGrpcSink(options);
  closers.push(() => started.close());
  return started;
};

linkContract('gRPC', () => {
  const link = makeLink();
  const sinks = new Map<string, GrpcSink>();
  return Promise.resolve({
    link,
    startGateway: async (sink) => {
      const started = await startGrpcSink({
        host: '127.0.0.1',
        port: 0,
        sink,
        secret,
        clock: systemClock,
        logger,
      });
      sinks.set(`127.0.0.1:${started.port}`, started);
      return `127.0.0.1:${started.port}`;
    },
    stopGateway: (gatewayId) => sinks.get(gatewayId)!.close(),
    close: async () => {
      await link.close();
      await Promise.all([...sinks.values()].map((sink) => sink.close()));
    },
  });
});

it('delivery-schema.ts says what delivery.proto says', () => {
  const path = fileURLToPath(new URL('./delivery.proto', import.meta.url));
  const service = loadSync(path, loaderOptions)['parley.delivery.v1.GatewayDelivery'] as unknown as ReturnType<
    typeof deliveryService
  >;
  type Described = { readonly requestType: unknown; readonly responseType: unknown };
  const described = (one: ReturnType<typeof deliveryService>) => {
    const { requestType, responseType } = one.Deliver as unknown as Described;
    const typeOf = (type: unknown) => (type as { type: unknown }).type;
    return JSON.stringify([one.Deliver.path, typeOf(requestType), typeOf(responseType)]);
  };
  const batch: WireBatch = {
    id: 5,
    target_lists: [{ targets: [{ user_id: 'u', device_id: 'd', connection_id: 3 }] }],
    items: [
      {
        frame: Buffer.from('f'),
        position: { conversation_id: 'c', seq: 1, at_ms: 2 },
        target_list: 1,
        watchers_of: 'w',
        everyone: true,
      },
    ],
  };
  const taken: WireTaken = { id: 5, unreached: [{ item: 1, target: 2 }] };
  const own = deliveryService();
  expect(described(own)).toBe(described(service));
  expect(service.Deliver.requestDeserialize(own.Deliver.requestSerialize(batch))).toEqual(batch);
  expect(service.Deliver.responseDeserialize(own.Deliver.responseSerialize(taken))).toEqual(taken);
});

describe('who may open a delivery stream', () => {
  const open = async (port: number, authorization: string | null): Promise<number | undefined> => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = deliveryService().Deliver;
    const metadata = new Metadata();
    if (authorization !== null) metadata.set('authorization', authorization);
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    const over = new Promise<number | undefined>((resolve) => {
      call.on('error', (error: { code?: number }) => resolve(error.code));
      call.on('data', () => resolve(status.OK));
    });
    call.write({ id: 1, target_lists: [], items: [] });
    const code = await over;
    call.cancel();
    client.close();
    return code;
  };
  const token = (audience: string, secondsAgo: number, key = secret, algorithm = 'HS256') => {
    const at = Math.floor(Date.now() / 1_000) - secondsAgo;
    const jwt = new SignJWT()
      .setProtectedHeader({ alg: algorithm })
      .setIssuer('parley-processor')
      .setAudience(audience);
    return jwt
      .setIssuedAt(at)
      .setExpirationTime(at + 60)
      .sign(key);
  };

  it('one who holds the secret, with a fresh token', async () => {
    const { port } = await startSink(new RecordingSink());
    expect(await open(port, `Bearer ${await signDeliveryToken(secret, systemClock)}`)).toBe(status.OK);
  });

  it('nobody without a token, with another secret, audience or algorithm, or with an old token', async () => {
    const { port } = await startSink(new RecordingSink());
    const other = deliverySecret('some other secret that is long enough');
    const refused = [
      null,
      'Bearer ',
      'Bearer nonsense',
      `Basic ${await token('gateway-delivery', 0)}`,
      `Bearer ${await token('gateway-delivery', 0, other)}`,
      `Bearer ${await token('api', 0)}`,
      `Bearer ${await token('gateway-delivery', 0, secret, 'HS512')}`,
      `Bearer ${await token('gateway-delivery', 3_600)}`,
    ];
    for (const one of refused) expect(await open(port, one), String(one)).toBe(status.UNAUTHENTICATED);
  });

  it('refuses a secret that is shorter than 32 bytes', () => {
    expect(() => deliverySecret('x'.repeat(31))).toThrow('invalid_request');
  });

  it('a link with the wrong secret reaches nobody, and the sink sees nothing', async () => {
    const sink = new RecordingSink();
    const { port } = await startSink(sink);
    const link = makeLink({}, deliverySecret('some other secret that is long enough'));
    expect(await link.deliver(`127.0.0.1:${port}`, [item('1', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
    expect(sink.taken).toEqual([]);
  });

  it('no more streams than the sink allows', async () => {
    const { port } = await startSink(new RecordingSink(), 0, 1);
    const gatewayId = `127.0.0.1:${port}`;
    const [first, second] = [makeLink(), makeLink()];
    expect(await first.deliver(gatewayId, [item('1', connection('a'))])).toEqual([]);
    expect(await second.deliver(gatewayId, [item('1', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
    await first.close();
    await vi.waitFor(async () => {
      expect(await second.deliver(gatewayId, [item('2', connection('a'))])).toEqual([]);
    }, 5_000);
  });
});

describe('a gateway that does not answer', () => {
  const fast: Partial<LinkSettings> = { deadlineMs: 200, minRedialMs: 20, maxRedialMs: 40, silentMs: 2_000 };

  const startChild = async (): Promise<{ child: ChildProcess; gatewayId: string }> => {
    const child = fork(fileURLToPath(new URL('./sink-process.fixture.ts', import.meta.url)), [secret.toString()], {
      execArgv: ['--conditions=parley-source', '--import', 'tsx'],
    });
    closers.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    const [port] = (await once(child, 'message')) as [number];
    return { child, gatewayId: `127.0.0.1:${port}` };
  };

  it('rule 16: frozen, it costs one deadline; then nothing waits, and once it answers again who missed a frame is told', async () => {
    const { child, gatewayId } = await startChild();
    const healthy = new RecordingSink();
    const other = `127.0.0.1:${(await startSink(healthy)).port}`;
    const link = makeLink(fast);
    expect(await link.deliver(gatewayId, [item('1', connection('a'))])).toEqual([]);
    child.kill('SIGSTOP');

    const before = performance.now();
    expect(await link.deliver(gatewayId, [item('2', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
    expect(performance.now() - before).toBeLessThan(1_000);

    const opened = performance.now();
    for (let i = 0; i < 1_000; i++) await link.deliver(gatewayId, [item('3', connection('b'))]);
    expect(performance.now() - opened).toBeLessThan(150);
    expect(await link.deliver(other, [item('4', connection('c'))])).toEqual([]);

    const resynced = once(child, 'message');
    child.kill('SIGCONT');
    await vi.waitFor(
      async () => expect(await link.deliver(gatewayId, [item('5', connection('a'))])).toEqual([]),
      5_000,
    );
    expect((await resynced)[0]).toEqual({ resync: ['a', 'b'] });
  }, 30_000);

  it('rule 16: one that takes connections and says nothing costs one deadline', async () => {
    const mute = createServer((socket) => socket.on('error', () => socket.destroy()));
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    closers.push(() => mute.close());
    const address = mute.address();
    const link = makeLink(fast);
    const gatewayId = `127.0.0.1:${typeof address === 'object' ? address!.port : 0}`;
    expect(await link.deliver(gatewayId, [item('1', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
    const before = performance.now();
    expect(await link.deliver(gatewayId, [item('2', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
    expect(performance.now() - before).toBeLessThan(50);
  });

  it('killed in the middle, what it did not answer is unreached at once; restarted, it is reached again', async () => {
    const { child, gatewayId } = await startChild();
    const link = makeLink({ ...fast, deadlineMs: 10_000, minRedialMs: 1_000, maxRedialMs: 1_000 });
    expect(await link.deliver(gatewayId, [item('1', connection('a'))])).toEqual([]);
    child.kill('SIGSTOP');
    const waiting = link.deliver(gatewayId, [item('2', connection('a'))]);
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    const before = performance.now();
    expect(await waiting).toEqual([{ item: 0, target: 0 }]);
    expect(performance.now() - before).toBeLessThan(2_000);

    // Its port is free only now.
    await gone;
    const sink = new RecordingSink();
    await startSink(sink, Number(gatewayId.split(':')[1]));
    await vi.waitFor(async () => expect(await link.deliver(gatewayId, [item('3', connection('a'))])).toEqual([]), {
      timeout: 10_000,
      interval: 100,
    });
    expect(sink.taken.some(({ frame }) => frame.toString() === '3')).toBe(true);
  }, 30_000);

  it('closes the stream of a gateway that nothing is sent to', async () => {
    const { port } = await startSink(new RecordingSink());
    const link = makeLink({ deadlineMs: 100, idleMs: 50 });
    expect(await link.deliver(`127.0.0.1:${port}`, [item('1', connection('a'))])).toEqual([]);
    expect(link.size).toBe(1);
    await vi.waitFor(() => expect(link.size).toBe(0));
    expect(await link.deliver(`127.0.0.1:${port}`, [item('2', connection('a'))])).toEqual([]);
  });
});
