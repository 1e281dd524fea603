/** What can be said about the services without starting any. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultPorts, NativeCluster } from './cluster.ts';
import { installOnce } from './install-once.ts';
import { freePorts, isFree } from './ports.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-services-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the compose file', () => {
  it('publishes each service on the port that the native one has', () => {
    const text = readFileSync(new URL('../../deploy/compose/compose.yaml', import.meta.url), 'utf8');
    const published = [...text.matchAll(/"127\.0\.0\.1:(\d+):\d+"/g)].map((match) => Number(match[1])).sort();
    const { kafka, registry, cql, redis, postgres } = defaultPorts;
    expect(published).toEqual([kafka, registry, cql, redis, postgres].sort());
  });
});

describe('a service that never was started', () => {
  it('is down, has no process, and can be stopped and killed', async () => {
    const { services } = new NativeCluster(folder, { ...defaultPorts, redis: (await freePorts(1))[0]! });
    const redis = services.find((service) => service.name === 'redis')!;
    expect(redis.pid).toBeNull();
    await redis.stop();
    await redis.kill();
    redis.pause();
    expect((await redis.status()).state).toBe('down');
  });
});

describe('freePorts', () => {
  it('gives different ports below those that outgoing connections use', async () => {
    const ports = await freePorts(50);
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(32_768);
  });

  it('does not take a port that is listened on for a free one', async () => {
    const server = createServer();
    const [port] = (await freePorts(1)) as [number];
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await isFree(port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await isFree(port)).toBe(true);
  });
});

describe('installOnce', () => {
  it('builds once for all who ask at the same time', async () => {
    let builds = 0;
    const target = join(folder, 'program');
    const build = async () => {
      builds++;
    };
    await Promise.all([installOnce(target, build), installOnce(target, build), installOnce(target, build)]);
    expect(builds).toBe(1);
  });

  it('leaves nothing behind that looks complete when the build fails', async () => {
    const target = join(folder, 'program');
    const failing = installOnce(target, async () => {
      throw new Error('no network');
    });
    await expect(failing).rejects.toThrow('no network');
    let built = false;
    await installOnce(target, async () => {
      built = true;
    });
    expect(built).toBe(true);
  });
});
