/** What was said is exported, as JSON lines and as Parquet, and both are the same. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { type Inspection, summaryOf } from './inspection.ts';

interface Line {
  readonly partition: number;
  readonly offset: number;
  readonly subject: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export const bothFormats: Inspection = {
  name: 'the same messages as JSON lines, as Parquet, and on standard output',
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const a = await world.client(alice.first).online();
    const sinceMs = Date.now();
    for (const text of ['a', 'b', 'c'])
      await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(`body ${text}`) });
    const folder = mkdtempSync(join(tmpdir(), 'parley-export-'));
    try {
      const of = ['export', '--topic', 'chat.messages', '--from', String(sinceMs)];
      const jsonl = join(folder, 'out.jsonl');
      const parquet = join(folder, 'out.parquet');
      const counted = summaryOf<{ records: number }>(await replay(...of, '--out', jsonl));
      summaryOf(await replay(...of, '--format', 'parquet', '--out', parquet));
      assert.notEqual((await replay(...of, '--out', jsonl)).exitCode, 0);
      const lines = readFileSync(jsonl, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      assert.equal(lines.length, counted.records);
      const own = lines.filter(({ value }) => value['sender_id'] === alice.userId);
      assert.deepEqual(
        own.map(({ value }) => Buffer.from(value['encrypted_body'] as string, 'base64').toString()),
        ['body a', 'body b', 'body c'],
      );
      const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet), utf8: false });
      assert.deepEqual(
        rows.map((row) => [row['partition'], Number(row['offset']), row['message_id']]),
        lines.map(({ partition, offset, value }) => [partition, offset, value['message_id']]),
      );
      const piped = (await replay(...of)).stdout.trimEnd().split('\n');
      assert.deepEqual(
        piped.slice(0, -1).map((line) => (JSON.parse(line) as Line).offset),
        lines.map(({ offset }) => offset),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await a.offline();
  },
};
