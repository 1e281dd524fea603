/** Contract: what was acknowledged is in the log, whatever becomes of the process that appended it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { type LogWorld, makeTopic, readAll, until } from './world.ts';

const partitions = 4;
const rounds = 3;

export function durability(world: () => LogWorld): void {
  it('invariant 1: after kill -9 of the writer in the middle of a burst, nothing that it acknowledged is missing', async () => {
    let { log } = world();
    const topic = await makeTopic(log, partitions);
    const acknowledged = new Set<string>();
    for (let round = 1; round <= rounds; round++) {
      const child = startWriter([...world().writerArguments(topic), String(round)]);
      const lines = createInterface({ input: child.stdout! });
      lines.on('line', (line) => acknowledged.add(line));
      const before = acknowledged.size;
      await until(() => acknowledged.size > before + 2_000 || child.exitCode !== null, 'the burst is under way');
      expect(child.exitCode).toBeNull();
      await killed(child);
      log = await world().reopen();
      await expectNoneMissing(log, topic, acknowledged);
    }
  }, 120_000);
}

async function expectNoneMissing(
  log: LogWorld['log'],
  topic: string,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const stored = new Set<string>();
  for (let partition = 0; partition < partitions; partition++) {
    for (const record of await readAll(log, topic, partition)) {
      stored.add(`${partition}/${record.offset}/${record.value?.toString().trimEnd()}`);
    }
  }
  expect([...acknowledged].filter((line) => !stored.has(line))).toEqual([]);
}

function startWriter(args: readonly string[]): ChildProcess {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const script = fileURLToPath(new URL('./burst-writer.ts', import.meta.url));
  return spawn(process.execPath, ['--conditions=parley-source', `--import=${tsx}`, script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function killed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}
