/** What only the embedded log does: one owner of the folder, retention, compaction, and a time index that survives both. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { systemTimers } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendAll } from '../append-all.ts';
import { MemoryCheckpoints } from '../contract/memory-checkpoints.ts';
import { appendValues, Collector, numbers, readAll, request, subscribe, text, until } from '../contract/world.ts';
import type { TopicSpec } from '../log.ts';
import { logReserveBytes } from './free-space.ts';
import { LmdbLog, type LmdbLogOptions } from './lmdb-log.ts';

const minuteMs = 60_000;
const plain: TopicSpec = { topic: 'plain', partitions: 1, retentionMs: null, compacted: false };
const aging: TopicSpec = { topic: 'aging', partitions: 1, retentionMs: 10 * minuteMs, compacted: false };
const compacted: TopicSpec = { topic: 'compacted', partitions: 1, retentionMs: null, compacted: true };

let root: string;
let nowMs: number;
const opened: LmdbLog[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parley-log-'));
  nowMs = 1_700_000_000_000;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
  rmSync(root, { recursive: true, force: true });
});

async function open(more: Partial<LmdbLogOptions> = {}): Promise<LmdbLog> {
  const log = await LmdbLog.open({
    path: join(root, 'log'),
    clock: { nowMs: () => nowMs },
    timers: systemTimers,
    logger: pino({ level: 'silent' }),
    checkpoints: new MemoryCheckpoints(),
    ...more,
  });
  opened.push(log);
  await log.ensureTopics([plain, aging, compacted]);
  return log;
}

async function readFromTime(log: LmdbLog, topic: string, timeMs: number): Promise<string[]> {
  const found: string[] = [];
  for await (const records of log.read({ topic, partition: 0, from: { timeMs } })) found.push(...text(records));
  return found;
}

describe('the clock of the embedded log', () => {
  it('rule 2: takes 5 s ahead of its own clock and refuses more', async () => {
    const log = await open();
    await appendAll(log, [request('plain', 'k', 'x', nowMs + 5_000)]);
    await expect(appendAll(log, [request('plain', 'k', 'y', nowMs + 5_001)])).rejects.toMatchObject({
      code: 'timestamp_ahead',
    });
    expect(text(await readAll(log, 'plain', 0))).toEqual(['x']);
  });
});

describe('the owner of the folder', () => {
  it('is whoever opened it last: the one before may append nothing more', async () => {
    const first = await open();
    await appendAll(first, [request('plain', 'k', 'first', nowMs)]);
    const second = await open();
    await expect(appendAll(first, [request('plain', 'k', 'late', nowMs)])).rejects.toMatchObject({
      code: 'log_unavailable',
    });
    expect(first.isReady()).toBe(false);
    await appendAll(second, [request('plain', 'k', 'second', nowMs)]);
    expect(text(await readAll(second, 'plain', 0))).toEqual(['first', 'second']);
  });
});

describe('a full disk', () => {
  it('is not written to: what there is no room for is refused with a code, until there is', async () => {
    let freeBytes = logReserveBytes;
    const log = await open({ freeBytes: () => freeBytes });
    await appendAll(log, [request('plain', 'k', 'before', nowMs)]);
    freeBytes = logReserveBytes - 1;
    await expect(appendAll(log, [request('plain', 'k', 'refused', nowMs)])).rejects.toMatchObject({
      code: 'log_unavailable',
    });
    freeBytes = logReserveBytes;
    await appendAll(log, [request('plain', 'k', 'after', nowMs)]);
    expect(text(await readAll(log, 'plain', 0))).toEqual(['before', 'after']);
  });

  it('fails appends with a code, keeps what was acknowledged, and ends no process', async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const script = fileURLToPath(new URL('./full-disk-writer.fixture.ts', import.meta.url));
    const node = `"${process.execPath}" --conditions=parley-source --import="${tsx}" "${script}" "${join(root, 'full')}"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', `ulimit -f 6000; exec ${node}`]);
    const { acknowledged, stored, refused, ready } = JSON.parse(stdout);
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(stored).toEqual(acknowledged);
    expect(ready).toBe(false);
  }, 30_000);
});

describe('retention', () => {
  it('drops what is too old, up to the first record that is young enough, and keeps the offsets', async () => {
    const log = await open();
    for (const minute of [0, 1, 9, 2, 12]) {
      nowMs = 1_700_000_000_000 + minute * minuteMs;
      await appendAll(log, [request('aging', 'k', `minute ${minute}`, nowMs)]);
    }
    nowMs = 1_700_000_000_000 + 15 * minuteMs;
    await log.purge();
    expect(text(await readAll(log, 'aging', 0))).toEqual(['minute 9', 'minute 2', 'minute 12']);
    expect(await log.bounds('aging', 0)).toEqual({ earliest: 2, end: 5 });
    expect(await readFromTime(log, 'aging', 0)).toEqual(['minute 9', 'minute 2', 'minute 12']);
  });

  it('gives no offset twice, even after everything was dropped and the log was opened again', async () => {
    const log = await open();
    await appendValuesNow(log, 'aging', numbers(2_500));
    nowMs += 20 * minuteMs;
    await log.purge();
    expect(await readAll(log, 'aging', 0)).toEqual([]);
    await log.close();
    const again = await open();
    expect(await again.bounds('aging', 0)).toEqual({ earliest: 2_500, end: 2_500 });
    const [one] = await appendAll(again, [request('aging', 'k', 'new', nowMs)]);
    expect(one?.offset).toBe(2_500);
    const seen = new Collector();
    await subscribe(again, 'aging', 'late', seen);
    await until(() => seen.records.length === 1, 'a reader from the beginning');
    expect(seen.values).toEqual(['new']);
  });

  it('keeps what has no retention for ever', async () => {
    const log = await open();
    await appendValuesNow(log, 'plain', numbers(10));
    nowMs += 10_000 * minuteMs;
    await log.purge();
    expect(text(await readAll(log, 'plain', 0))).toEqual(numbers(10));
  });
});

describe('compaction', () => {
  it('keeps the last record of every key, whichever pass it came in, and moves no offset', async () => {
    const log = await open();
    const append = (key: string, value: string) => appendAll(log, [request('compacted', key, value, nowMs)]);
    await append('a', 'a1');
    await append('b', 'b1');
    await append('a', 'a2');
    await log.purge();
    expect(text(await readAll(log, 'compacted', 0))).toEqual(['b1', 'a2']);
    await append('b', 'b2');
    await append('c', 'c1');
    await append('x'.repeat(2_000), 'long 1');
    await append('x'.repeat(2_000), 'long 2');
    await log.purge();
    await log.purge();
    const records = await readAll(log, 'compacted', 0);
    expect(text(records)).toEqual(['a2', 'b2', 'c1', 'long 2']);
    expect(records.map(({ offset }) => offset)).toEqual([2, 3, 4, 6]);
    expect(await log.bounds('compacted', 0)).toEqual({ earliest: 0, end: 7 });
  });

  it('leaves a time index that finds the first record at or after a time, though the one that was latest is gone', async () => {
    const log = await open();
    const t = nowMs - minuteMs;
    const append = (key: string, step: number) => appendAll(log, [request('compacted', key, `t+${step}`, t + step)]);
    await append('a', 50);
    await append('b', 10);
    await append('c', 20);
    await append('a', 15);
    await append('d', 60);
    await log.purge();
    expect(text(await readAll(log, 'compacted', 0))).toEqual(['t+10', 't+20', 't+15', 't+60']);
    expect(await readFromTime(log, 'compacted', t + 12)).toEqual(['t+20', 't+15', 't+60']);
    expect(await readFromTime(log, 'compacted', t + 30)).toEqual(['t+60']);
    expect(await readFromTime(log, 'compacted', t + 61)).toEqual([]);
  });

  it('handles more than one step, and a reader in the middle goes on over the gaps', async () => {
    const log = await open();
    const seen = new Collector();
    await subscribe(log, 'compacted', 'reader', seen, { maxBatchRecords: 50 });
    for (let round = 0; round < 5; round++) {
      await appendAll(
        log,
        numbers(700).map((key) => request('compacted', key, `${key}.${round}`, nowMs)),
      );
      await log.purge();
    }
    expect(text(await readAll(log, 'compacted', 0))).toEqual(numbers(700).map((key) => `${key}.4`));
    await until(() => seen.values.includes('699.4'), 'the reader is at the end');
    const offsets = seen.records.map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });
});

describe('checkpoints', () => {
  it('rule 11: of another log are refused, instead of passing over what comes until they are reached', async () => {
    const checkpoints = new MemoryCheckpoints();
    await checkpoints.save('group', 'plain', 0, 3);
    const log = await open({ checkpoints });
    await appendValuesNow(log, 'plain', numbers(2));
    await expect(subscribe(log, 'plain', 'group', new Collector())).rejects.toThrow('belong together');
    await appendValuesNow(log, 'plain', numbers(1));
    await subscribe(log, 'plain', 'group', new Collector());
  });
});

describe('topics', () => {
  it('are there again when the log is opened again, with their records and the next offset', async () => {
    const log = await open();
    await appendValuesNow(log, 'plain', numbers(5));
    await log.close();
    const again = await open();
    expect(text(await readAll(again, 'plain', 0))).toEqual(numbers(5));
    const [one] = await appendAll(again, [request('plain', 'k', 'next', nowMs)]);
    expect(one?.offset).toBe(5);
    await expect(appendValues(again, 'unheard-of', 'k', ['x'])).rejects.toMatchObject({ code: 'log_unavailable' });
    await expect(again.partitionCount('unheard-of')).rejects.toMatchObject({ code: 'not_found' });
  });
});

function appendValuesNow(log: LmdbLog, topic: string, values: readonly string[]) {
  return appendAll(
    log,
    values.map((value) => request(topic, 'k', value, nowMs)),
  );
}
