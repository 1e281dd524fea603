import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { openLmdbLogReader } from './log-reader.ts';

const topic = 'test.reader';
const path = mkdtempSync(join(tmpdir(), 'parley-log-reader-'));
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** The process that has the log; it says so when it has written, and goes on until its input ends. */
function startOwner() {
  const script = fileURLToPath(new URL('./log-reader.fixture.ts', import.meta.url));
  const arguments_ = ['--conditions=parley-source', '--import', 'tsx', script, path, topic];
  return spawn(process.execPath, arguments_, { stdio: ['pipe', 'pipe', 'inherit'] });
}

describe('LmdbLogReader', () => {
  it('reads beside the process that writes, sees what it adds, and does not take the log from it', async () => {
    const owner = startOwner();
    let said = '';
    owner.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const heard = async (word: string): Promise<void> => {
      while (!said.includes(word)) await once(owner.stdout, 'data');
    };
    await heard('first');
    const reader = openLmdbLogReader(path);
    const values = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let partition = 0; partition < (await reader.partitionCount(topic)); partition++) {
        for await (const records of reader.read({ topic, partition, from: { offset: 0 }, maxBatchRecords: 2 })) {
          found.push(...records.map(({ value }) => value!.toString()));
        }
      }
      return found.sort();
    };
    expect(await values()).toEqual(['a', 'b', 'c']);
    owner.stdin.write('go on\n');
    await heard('second');
    expect(await values()).toEqual(['a', 'b', 'c', 'd']);
    await expect(reader.partitionCount('nothing')).rejects.toMatchObject({ code: 'not_found' });
    await reader.close();
    owner.stdin.end();
    await once(owner, 'close');
    expect(owner.exitCode).toBe(0);
  });
});
