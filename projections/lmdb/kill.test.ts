import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { LmdbCheckpointStore } from './checkpoints.ts';
import { temporaryFolder } from './env.fixture.ts';
import { openProjectionEnv } from './env.ts';

/** Starts the writer, kills it once it has written so many batches, and resolves to the last batch that it told of. */
async function killAfter(path: string, batches: number): Promise<number> {
  const script = fileURLToPath(new URL('./kill.fixture.ts', import.meta.url));
  const arguments_ = ['--conditions=parley-source', '--import', 'tsx', script, path];
  const writer = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = 0;
  writer.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) if (line !== '') told = Number(line);
    if (told >= batches) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  return told;
}

it('rule 11: a killed process leaves whole batches, and no checkpoint ahead of them', async () => {
  const folder = temporaryFolder();
  for (const batches of [100, 300, 1_200]) {
    const told = await killAfter(folder.path, batches);
    expect(told).toBeGreaterThanOrEqual(batches);
    const env = openProjectionEnv({ path: folder.path });
    expect(env.found).toBe('sound');
    const rows = env.database('rows');
    const batch = Number(rows.getBinary(Buffer.from('batch')));
    const checkpoint = new LmdbCheckpointStore(env).load('group', 'topic', 0)!;
    expect(batch).toBeGreaterThanOrEqual(told);
    expect(checkpoint).toBeLessThanOrEqual(batch);
    expect(checkpoint).toBeGreaterThanOrEqual(batch - 1);
    let seen = 0;
    for (const { value } of rows.getRange()) {
      if (value.length < 300) continue;
      expect(value.every((byte) => byte === value[0])).toBe(true);
      seen++;
    }
    expect(seen).toBe(50 * Math.min(1_000, batch));
    await env.close();
  }
  folder.remove();
}, 60_000);
