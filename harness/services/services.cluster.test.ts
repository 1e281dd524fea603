/** Each service is killed and repaired for real, on ports and in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as CqlClient } from 'cassandra-driver';
import { Redis } from 'ioredis';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { Client as SqlClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NativeCluster, ownPorts } from './cluster.ts';
import type { NativeService } from './native-service.ts';
import { commandLine } from './processes.ts';
import { RedisService } from './redis.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-services-'));
let cluster: NativeCluster;

beforeAll(async () => {
  cluster = new NativeCluster(folder, await ownPorts());
});

afterAll(async () => {
  await cluster.down({ wipe: true });
  rmSync(folder, { recursive: true, force: true });
});

/** Kills the service and starts it again; proves that it really was another process. */
async function crash(service: NativeService): Promise<void> {
  const before = service.pid!;
  await service.kill();
  expect(service.pid).toBeNull();
  expect(commandLine(before)).toBe('');
  expect(await service.isReady()).toBe(false);
  expect((await service.status()).state).toBe('down');
  await service.start();
  expect(service.pid).not.toBe(before);
  expect((await service.status()).state).toBe('up');
}

describe('redis', () => {
  it('forgets on a kill, stands still when paused, and is found again through its folder', async () => {
    const { redis } = cluster;
    await redis.start();
    const client = new Redis(redis.address, { commandTimeout: 300, retryStrategy: () => 20 });
    client.on('error', () => undefined); // The kill below breaks connections on purpose.
    await client.set('key', 'value');
    redis.pause();
    expect((await redis.status()).state).toBe('paused');
    await expect(client.get('key')).rejects.toThrow('timed out');
    redis.resume();
    expect(await redis.isReady()).toBe(true);
    expect(await client.get('key')).toBe('value');
    expect(new RedisService(redis.folder, Number(new URL(redis.address).port)).pid).toBe(redis.pid);
    expect(new RedisService(`${redis.folder}-other`, 1).pid).toBeNull();
    await crash(redis);
    await expect.poll(() => client.get('key').catch(() => 'not connected yet')).toBeNull();
    client.disconnect();
  });

  it('is started once, however often it is asked for', async () => {
    const { redis } = cluster;
    await Promise.all([redis.start(), redis.start()]);
    const pid = redis.pid;
    await redis.start();
    expect(redis.pid).toBe(pid);
    await redis.stop();
    expect(redis.pid).toBeNull();
    await redis.stop();
  });
});

describe('kafka', () => {
  it('holds what it acknowledged after a kill, refuses records from the future, and creates no topic unasked', async () => {
    const { kafka } = cluster;
    await kafka.start();
    const client = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING, retry: { retries: 2 } });
    const admin = client.admin();
    const producer = client.producer({ idempotent: true, maxInFlightRequests: 1 });
    await admin.connect();
    await producer.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: true });
    await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'one' }] });
    const ahead = String(Date.now() + 60_000);
    await expect(
      producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'early', timestamp: ahead }] }),
    ).rejects.toThrow();
    await producer.disconnect();
    await admin.disconnect();
    await crash(kafka);
    await admin.connect();
    expect(await highOffset(admin, 'kept')).toBe('1');
    expect(await admin.listTopics()).toEqual(['kept']);
    await admin.disconnect();
    await kafka.stop();
  });

  const highOffset = async (admin: Admin, topic: string) => (await admin.fetchTopicOffsets(topic))[0]?.high;
});

describe('cassandra', () => {
  it('holds what it acknowledged after a kill', async () => {
    const { cassandra } = cluster;
    await cassandra.start();
    const connect = () => new CqlClient({ contactPoints: [cassandra.address], localDataCenter: 'datacenter1' });
    const before = connect();
    await before.execute("CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': 1}");
    await before.execute('CREATE TABLE k.t (id int PRIMARY KEY, v text)');
    const ids = Array.from({ length: 200 }, (_, id) => id);
    await Promise.all(
      ids.map((id) => before.execute('INSERT INTO k.t (id, v) VALUES (?, ?)', [id, 'v'], { prepare: true })),
    );
    const gone = cassandra.kill(); // While the client is still connected, right after the last acknowledgement.
    await gone;
    await before.shutdown();
    await cassandra.start();
    const after = connect();
    expect((await after.execute('SELECT id FROM k.t')).rowLength).toBe(ids.length);
    await after.shutdown();
    await cassandra.stop();
  }, 120_000);
});

describe('registry', () => {
  it('keeps what was registered after a kill, and asks for backward compatibility unless told otherwise', async () => {
    const { registry } = cluster;
    await registry.start();
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
    const schema = JSON.stringify({ schema: '{"type":"string"}' });
    const versions = `${registry.address}/subjects/kept/versions`;
    expect((await fetch(versions, { method: 'POST', headers, body: schema })).status).toBe(200);
    expect(await (await fetch(`${registry.address}/config`)).json()).toEqual({ compatibilityLevel: 'BACKWARD' });
    await crash(registry);
    expect(await (await fetch(versions)).json()).toEqual([1]);
    await registry.stop();
  });
});

describe('postgres', () => {
  it('holds what was committed after a kill of all its processes', async () => {
    const { postgres } = cluster;
    await postgres.start();
    const connect = async () => {
      const client = new SqlClient({ connectionString: postgres.address });
      client.on('error', () => undefined); // The kill below breaks connections on purpose.
      await client.connect();
      return client;
    };
    const before = await connect();
    await before.query('CREATE TABLE t (id int PRIMARY KEY)');
    await before.query('INSERT INTO t VALUES (1), (2)');
    await crash(postgres);
    const after = await connect();
    expect((await after.query('SELECT id FROM t')).rowCount).toBe(2);
    await after.end();
    await postgres.stop();
  });
});
