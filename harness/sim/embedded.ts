/**
 * Derives the projections from the log as a single process would, on LMDB, through the death of that process and a stop of its
 * machine, and says what is different from the live ones (invariant 5, design rule 11).
 *
 * A process that dies leaves all that it wrote in the page cache. A machine that stops leaves some of it: here rows are taken out of
 * the store, as pages would be that never reached the disk. What is not closed in order and belongs to another boot must not be
 * trusted; what is derived anew begins where its own checkpoints say, which are gone with it.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openProjectionEnv } from '@parley/projections/lmdb/env';
import { type EmbeddedProjections, openEmbeddedProjections } from '@parley/projections/lmdb/projections';
import type { Projections } from '@parley/projections/projections';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import type { BatchHandler } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { Registry } from 'prom-client';
import type { RecordedRebuild } from '../checks/history.ts';
import type { SeededRandom } from './environment/seeded-random.ts';
import type { Oracle } from './oracle.ts';
import { readEverything } from './readings.ts';
import { batchOf, type Handlers, handlersOn } from './rebuild.ts';
import type { World } from './world.ts';

const mostRecords = 40;
const quietMs = 5_000;
const group = 'embedded';
const markerFile = 'opened.json';
const storeFiles = ['data.mdb', markerFile];
const read = [topics.messages, topics.receipts] as const;

interface Process {
  readonly path: string;
  readonly bootId: string;
  readonly time: VirtualTime;
  readonly projections: EmbeddedProjections;
  readonly handlers: Handlers;
}

class Machine {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-sim-'));
  #processes = 0;

  constructor(world: World, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
  }

  async start(path: string, bootId: string): Promise<Process> {
    const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    const time = new VirtualTime(this.#world.time.nowMs(), { settle });
    const projections = openEmbeddedProjections(path, { clock: time, metrics: new Registry(), bootId });
    const handlers = handlersOn(projections, this.#world, time);
    for (const topic of read) await this.#handlerOf(handlers, topic).assigned(1, this.#partitions(topic));
    return { path, bootId, time, projections, handlers };
  }

  #handlerOf({ conversations, receipts }: Handlers, topic: string): BatchHandler {
    return topic === topics.messages ? conversations : receipts;
  }

  #partitions(topic: string): { topic: string; partition: number }[] {
    return this.#world.broker.topic(topic).partitions.map(({ partition }) => ({ topic, partition }));
  }

  newPath(): string {
    return join(this.#folder, String(++this.#processes));
  }

  /** From its checkpoints on, so many batches. */
  async work({ projections, handlers, time }: Process, mostBatches: number): Promise<void> {
    let left = mostBatches;
    for (const topic of read) {
      for (const partition of this.#world.broker.topic(topic).partitions) {
        let next = projections.checkpoints.load(group, topic, partition.partition) ?? 0;
        for (; left > 0; left--) {
          const records = partition.read(next, this.#random.between(1, mostRecords));
          if (records.length === 0) break;
          next = records.at(-1)!.offset + 1;
          const commit = await this.#handlerOf(handlers, topic).handle(batchOf(partition, records));
          if (commit !== null) await projections.checkpoints.save(group, topic, partition.partition, commit);
        }
      }
    }
    if (left > 0) await time.advance(quietMs); // States that waited for a checkpoint are saved.
  }

  /** What a process that dies now leaves to the next one. */
  async die({ path, projections, handlers }: Process): Promise<string> {
    const left = this.newPath();
    await handlers.conversations.close();
    copyFiles(path, left);
    await projections.close();
    return left;
  }

  /** Some of what was written last never reached the disk. */
  async lose(path: string): Promise<void> {
    const marker = readFileSync(join(path, markerFile));
    const store = openProjectionEnv({ path, bootId: 'first' });
    const messages = store.database('messages');
    await store.write(() => {
      const keys = [...messages.getKeys()].filter(() => this.#random.chance(0.5));
      for (const key of keys) messages.removeSync(key);
    });
    await store.close();
    writeFileSync(join(path, markerFile), marker);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function copyFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const file of storeFiles) copyFileSync(join(from, file), join(to, file));
}

export async function deriveEmbedded(world: World, oracle: Oracle, live: Projections): Promise<RecordedRebuild[]> {
  const random = world.random.fork('embedded');
  const machine = new Machine(world, random);
  try {
    let process = await machine.start(machine.newPath(), 'first');
    await machine.work(process, random.between(1, 20));
    process = await machine.start(await machine.die(process), 'first');
    await machine.work(process, random.between(1, 40));
    const left = await machine.die(process);
    await machine.lose(left);
    process = await machine.start(left, 'second');
    await machine.work(process, Number.POSITIVE_INFINITY);
    const different = await differencesTo(live, oracle, process.projections, random);
    await process.handlers.conversations.close();
    await process.projections.close();
    return different;
  } finally {
    machine.remove();
  }
}

async function differencesTo(
  live: Projections,
  oracle: Oracle,
  embedded: Projections,
  random: SeededRandom,
): Promise<RecordedRebuild[]> {
  const { readings, unread } = await readEverything(embedded, oracle, random);
  const wrong = readings.filter(({ given, expected }) => JSON.stringify(given) !== JSON.stringify(expected));
  const ids = [...oracle.conversations.keys()];
  const [states, derived] = await Promise.all([live.foldState.load(ids), embedded.foldState.load(ids)]);
  const changed = ids.filter((_, index) => !isDeepStrictEqual(states[index], derived[index]));
  return [
    {
      table: 'embedded messages',
      different: wrong.map(({ userId, conversationId }) => `${conversationId} of ${userId}`),
    },
    {
      table: 'embedded inbox',
      different: unread
        .filter(({ shown, recounted }) => shown !== recounted)
        .map(
          ({ userId, conversationId, shown, recounted }) =>
            `${conversationId} of ${userId}: ${shown}, not ${recounted}`,
        ),
    },
    { table: 'embedded fold states', different: changed },
  ];
}
