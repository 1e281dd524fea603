import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { projectionReserveBytes } from '@parley/streams/log/lmdb/free-space';
import { afterEach, describe, expect, it } from 'vitest';
import { LmdbCheckpointStore } from './checkpoints.ts';
import { temporaryFolder } from './env.fixture.ts';
import { openProjectionEnv, type ProjectionEnv } from './env.ts';

const [boot, nextBoot] = ['boot-1', 'boot-2'];
const key = Buffer.from('key');

describe('ProjectionEnv', () => {
  let folder = temporaryFolder();
  const opened: ProjectionEnv[] = [];
  const open = (bootId: string | null = boot): ProjectionEnv => {
    const env = openProjectionEnv({ path: folder.path, bootId });
    opened.push(env);
    return env;
  };
  /** What a killed process leaves behind: everything that it committed, and no word of a close. */
  const openedWithoutClose = async (bootId: string | null): Promise<void> => {
    const env = open(bootId);
    const rows = env.database('rows');
    await env.write(() => rows.putSync(key, Buffer.from('value')));
    await new LmdbCheckpointStore(env).save('group', 'topic', 3, 17);
    const marker = join(folder.path, 'opened.json');
    const { readFileSync, writeFileSync } = await import('node:fs');
    const left = readFileSync(marker);
    await env.close();
    writeFileSync(marker, left);
  };
  const valueIn = (env: ProjectionEnv) => env.database('rows').getBinary(key)?.toString();
  const checkpointIn = (env: ProjectionEnv) => new LmdbCheckpointStore(env).load('group', 'topic', 3);

  afterEach(async () => {
    for (const env of opened.splice(0)) await env.close();
    folder.remove();
    folder = temporaryFolder();
  });

  it('holds what was written after a close, whatever the machine does then', async () => {
    const env = open();
    const rows = env.database('rows');
    await env.write(() => rows.putSync(key, Buffer.from('value')));
    await env.close();
    const again = open(nextBoot);
    expect(again.found).toBe('sound');
    expect(valueIn(again)).toBe('value');
  });

  it('rule 11: holds what was written when only the process died', async () => {
    await openedWithoutClose(boot);
    const env = open(boot);
    expect(env.found).toBe('sound');
    expect([valueIn(env), checkpointIn(env)]).toEqual(['value', 17]);
  });

  it('rule 11: starts empty, the checkpoints too, when the machine stopped without a close', async () => {
    await openedWithoutClose(boot);
    const env = open(nextBoot);
    expect(env.found).toBe('lost');
    expect([valueIn(env), checkpointIn(env)]).toEqual([undefined, null]);
    await env.close();
    expect(open(nextBoot).found).toBe('sound');
  });

  it('rule 11: starts empty where nothing tells of the machine, or the word of the last opening is gone', async () => {
    await openedWithoutClose(null);
    expect(open(null).found).toBe('lost');
    await opened[1]!.close();
    rmSync(join(folder.path, 'opened.json'));
    expect(open(boot).found).toBe('lost');
  });

  it('says that it was not closed before it writes anything', () => {
    const env = open();
    expect(env.found).toBe('absent');
    expect(existsSync(join(folder.path, 'opened.json'))).toBe(true);
  });

  it('commits what is asked for in one turn as one transaction, in the order asked', async () => {
    const env = open();
    const rows = env.database('rows');
    const order: number[] = [];
    const writes = [1, 2, 3].map((n) =>
      env.write(() => {
        order.push(n);
        rows.putSync(key, Buffer.from(String(n)));
      }),
    );
    expect(order).toEqual([]);
    await writes[0];
    expect(order).toEqual([1, 2, 3]);
    expect(valueIn(env)).toBe('3');
  });

  it('rolls back a write that throws, whole and alone', async () => {
    const env = open();
    const rows = env.database('rows');
    const put = (name: string) => rows.putSync(Buffer.from(name), Buffer.from('x'));
    const results = await Promise.allSettled([
      env.write(() => put('before')),
      env.write(() => {
        put('half');
        throw new ParleyError('invalid_request');
      }),
      env.write(() => put('after')),
      env.write(() => {
        throw new Error('MDB_PROBLEM');
      }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { code: 'invalid_request' } });
    expect(results[3]).toMatchObject({ reason: { code: 'unavailable' } });
    const has = (name: string) => rows.getBinary(Buffer.from(name)) !== undefined;
    expect([has('before'), has('half'), has('after')]).toEqual([true, false, true]);
  });

  it('commits what waits when it is closed, and takes nothing afterwards', async () => {
    const env = open();
    const rows = env.database('rows');
    const written = env.write(() => rows.putSync(key, Buffer.from('value')));
    await env.close();
    await written;
    await expect(env.write(() => undefined)).rejects.toMatchObject({ code: 'unavailable' });
    expect(valueIn(open(nextBoot))).toBe('value');
  });

  it('refuses to write while the disk is full, and goes on when it is not', async () => {
    let freeBytes = projectionReserveBytes;
    const env = openProjectionEnv({ path: folder.path, freeBytes: () => freeBytes });
    opened.push(env);
    const rows = env.database('rows');
    freeBytes = projectionReserveBytes - 1;
    await expect(env.write(() => rows.putSync(key, Buffer.from('value')))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(valueIn(env)).toBeUndefined();
    freeBytes = projectionReserveBytes;
    await env.write(() => rows.putSync(key, Buffer.from('value')));
    expect(valueIn(env)).toBe('value');
  });

  it('refuses more writes than may wait', async () => {
    const env = open();
    const writes = Array.from({ length: 10_001 }, () => env.write(() => undefined));
    await expect(writes.at(-1)).rejects.toMatchObject({ code: 'overloaded' });
    await Promise.all(writes.slice(0, -1));
  });

  it('keeps a checkpoint per group, topic and partition', async () => {
    const checkpoints = new LmdbCheckpointStore(open());
    expect(checkpoints.load('a', 'b', 0)).toBeNull();
    await checkpoints.save('a', 'b', 0, 5);
    await checkpoints.save('a', 'b', 1, 2 ** 40);
    await checkpoints.save('a"', 'b', 0, 7);
    await checkpoints.save('a', 'b', 0, 6);
    expect([checkpoints.load('a', 'b', 0), checkpoints.load('a', 'b', 1)]).toEqual([6, 2 ** 40]);
    expect(checkpoints.load('a"', 'b', 0)).toBe(7);
  });
});
