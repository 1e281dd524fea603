import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { untitledGroup } from '@parley/schemas/codec/untitled-group.fixture';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import type { MessageSent } from '@parley/schemas/generated/events';
import { committedSchemas } from '@parley/schemas/history/committed';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { appendAll } from '@parley/streams/log/append-all';
import { LmdbLog } from '@parley/streams/log/lmdb/lmdb-log';
import { topicSpecs, topics } from '@parley/streams/log/topics';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress } from '../cli/progress.ts';
import type { Point } from '../reading/point.ts';
import { exportTopic } from './export-topic.ts';
import { jsonLinesFile, parquetFile } from './files.ts';

const codec = new EventCodec(new EmbeddedSchemas());
const user = '0b6f2c5e-8a51-4c0e-9a3f-0d6c8a2f1b01';
const group = '1c7f3d6f-9b62-4d1f-8b40-1e7d9b3f2c02';

const message = (index: number): MessageSent => ({
  conversation_id: group,
  peer_id: null,
  message_id: `01JD${String(index).padStart(22, '0')}`,
  sender_id: user,
  sender_device_id: user,
  message_type: index % 2 === 0 ? 'text' : 'reaction',
  encrypted_body: Buffer.from([0, 255, index % 256]),
  preview: index % 3 === 0 ? `Grüße ${index}` : null,
  media_url: null,
  thumbnail_url: null,
  timer_seconds: 0,
  mls: null,
  sealed_content: null,
  reply_to: null,
  target:
    index % 2 === 0
      ? null
      : {
          message_id: `01JD${'0'.repeat(22)}`,
          seq: 2 ** 40 + index,
          sender_id: user,
          message_type: 'text',
          at_ms: index,
        },
  rules_version: 1,
});

describe('an export', () => {
  let folder: string;
  let log: LmdbLog;
  const startMs = Date.parse('2026-01-01T00:00:00Z');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-export-'));
    log = await LmdbLog.open({
      path: join(folder, 'log'),
      ...{ clock: systemClock, timers: systemTimers, logger: pino({ level: 'silent' }) },
      checkpoints: { load: () => null, save: () => Promise.resolve() },
    });
    await log.ensureTopics(topicSpecs(3));
    const records = Array.from({ length: 1_000 }, (_, index) => {
      const value = codec.encode('message_sent', message(index));
      return { topic: topics.messages, key: `key ${index % 11}`, value, timestampMs: startMs + index };
    });
    const created = codec.encode('conversation_created', {
      ...{ ...untitledGroup, conversation_id: group, directory_version: 1, created_by: user, rules_version: 1 },
      members: [{ user_id: user, role: 'admin' }],
    });
    const odd = [created, Buffer.from('poison'), null].map((value, index) => {
      return { topic: topics.messages, key: 'key 0', value, timestampMs: startMs + 1_000 + index };
    });
    await appendAll(log, [...records, ...odd]);
  });

  afterEach(async () => {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function exported(format: 'jsonl' | 'parquet', range: { from?: Point; to?: Point; partition?: number } = {}) {
    const path = join(folder, `out-${Math.random()}.${format}`);
    const sink = format === 'jsonl' ? jsonLinesFile(path, false) : parquetFile(path, topics.messages, false);
    const { from = { offset: 0 }, to = null, partition = null } = range;
    const whole = { topic: topics.messages, partition, from, to };
    const progress = { bar: silentProgress.bar('', ''), signal: new AbortController().signal };
    const counts = await exportTopic({ log, codec }, whole, sink, progress);
    await sink.end();
    return { path, counts };
  }

  const linesOf = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown> & { value: Record<string, unknown> | null });

  it('has every record of every partition as a line, also those that nobody can read', async () => {
    const { path, counts } = await exported('jsonl');
    expect(counts).toEqual({ partitions: 3, records: 1_003, unreadable: 1, complete: true });
    const lines = linesOf(path);
    expect(lines).toHaveLength(1_003);
    const currentId = committedSchemas.find(({ event, current }) => event === 'message_sent' && current)!.id;
    const one = lines.find(({ value }) => value?.['message_id'] === message(7).message_id)!;
    expect(one).toMatchObject({
      ...{ topic: topics.messages, timestamp_ms: startMs + 7, timestamp: '2026-01-01T00:00:00.007Z' },
      ...{ key: 'key 7', schema_id: currentId, subject: 'parley.events.MessageSent' },
    });
    expect(one.value).toMatchObject({ encrypted_body: 'AP8H', preview: null, message_type: 'reaction' });
    expect(lines.filter(({ error }) => error === 'poison_format')).toMatchObject([
      { value: null, raw: Buffer.from('poison').toString('base64') },
    ]);
  });

  it('gives the same as Parquet with typed columns, as another library reads them', async () => {
    const lines = linesOf((await exported('jsonl')).path);
    const { path } = await exported('parquet');
    const file = await asyncBufferFromFile(path);
    const { schema } = await parquetMetadataAsync(file);
    const types = new Map(schema.map(({ name, type, converted_type }) => [name, converted_type ?? type]));
    expect(Object.fromEntries(types)).toMatchObject({
      ...{ topic: 'UTF8', partition: 'INT32', offset: 'INT64', timestamp: 'TIMESTAMP_MILLIS', key: 'UTF8' },
      ...{ encrypted_body: 'BYTE_ARRAY', message_type: 'UTF8', rules_version: 'INT32', target: 'JSON' },
      ...{ directory_version: 'INT64', members: 'JSON', role: 'UTF8' },
    });
    const rows = await parquetReadObjects({ file, utf8: false });
    expect(rows).toHaveLength(lines.length);
    for (const [index, row] of rows.entries()) {
      const line = lines[index]!;
      expect(row).toMatchObject({ partition: line['partition'], offset: BigInt(line['offset'] as number) });
      expect((row['timestamp'] as Date).toISOString()).toBe(line['timestamp']);
      for (const name of ['message_id', 'sender_id', 'preview', 'message_type', 'members', 'target', 'role']) {
        expect(row[name] ?? null).toEqual(line.value?.[name] ?? null);
      }
      const body = row['encrypted_body'] as Uint8Array | undefined;
      expect(body === undefined || body === null ? null : Buffer.from(body).toString('base64')).toEqual(
        line.value?.['encrypted_body'] ?? null,
      );
    }
  });

  it('takes a range by time or by offset, and one partition', async () => {
    const from = { timeMs: startMs + 100 };
    const byTime = linesOf((await exported('jsonl', { from, to: { timeMs: startMs + 200 } })).path);
    expect(byTime.map((line) => line['timestamp_ms'] as number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, index) => startMs + 100 + index),
    );
    const byOffset = linesOf(
      (await exported('jsonl', { partition: 1, from: { offset: 10 }, to: { offset: 15 } })).path,
    );
    expect(byOffset.map(({ partition, offset }) => [partition, offset])).toEqual(
      [10, 11, 12, 13, 14].map((at) => [1, at]),
    );
    expect((await exported('jsonl', { from: { offset: 5_000 } })).counts.records).toBe(0);
  });

  it('has an empty range as a file with columns and no rows', async () => {
    const { path } = await exported('parquet', { from: { offset: 5_000 } });
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    expect(Number(metadata.num_rows)).toBe(0);
    expect(metadata.schema.length).toBeGreaterThan(15);
  });

  it.each(['jsonl', 'parquet'] as const)(
    'replaces no file unless told to, and leaves no part of one (%s)',
    async (format) => {
      const { path } = await exported('jsonl');
      const before = readFileSync(path, 'utf8');
      const open = (force: boolean) =>
        format === 'jsonl' ? jsonLinesFile(path, force) : parquetFile(path, topics.messages, force);
      expect(() => open(false)).toThrow(expect.objectContaining({ code: 'conflict' }));
      const sink = open(true);
      await sink.abandon();
      expect(readFileSync(path, 'utf8')).toBe(before);
      expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([]);
      await open(true).end();
      expect(readFileSync(path, 'utf8')).not.toBe(before);
    },
  );
});
