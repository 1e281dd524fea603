import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entry, storesContract } from './stores.contract.ts';
import { openFileStores } from './stores.file.ts';

storesContract('files', () => {
  let folder = '';
  return {
    open: async () => {
      folder = await mkdtemp(join(tmpdir(), 'parley-stores-'));
      return openFileStores(folder);
    },
    restart: () => openFileStores(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('stores in files', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-stores-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const cursor = (seq: number) => ({ conversationId: 'a', seq, atMs: seq });

  it('leave out a cursor that was cut off while it was written, and go on after it', async () => {
    await (await openFileStores(folder)).cursors.save([cursor(1)]);
    await appendFile(join(folder, 'cursors.jsonl'), '{"conversationId":"a","seq":2');
    const again = await openFileStores(folder);
    expect(await again.cursors.load()).toEqual([cursor(1)]);
    await again.cursors.save([cursor(3)]);
    expect(await (await openFileStores(folder)).cursors.load()).toEqual([cursor(3)]);
  });

  it('bound the journal of cursors by the conversations, not by the messages', async () => {
    const { cursors } = await openFileStores(folder);
    const many = Array.from({ length: 500 }, (_, index) => cursor(index + 1));
    for (let round = 0; round < 5; round++) await cursors.save(many);
    const lines = (await readFile(join(folder, 'cursors.jsonl'), 'utf8')).split('\n').length;
    expect(lines).toBeLessThan(1_100);
    expect(await (await openFileStores(folder)).cursors.load()).toEqual([cursor(500)]);
  });

  it('rule 3: keep one of two entries after a crash between the new and the old', async () => {
    const { outbox } = await openFileStores(folder);
    await outbox.put(entry('old'));
    const old = join(folder, 'outbox', '000000000001.json');
    const text = await readFile(old, 'utf8');
    await outbox.replace('old', entry('new'));
    await writeFile(old, text); // As if the machine had stopped before the old file was gone.
    const again = await openFileStores(folder);
    expect((await again.outbox.load()).map(({ messageId }) => messageId)).toEqual(['new']);
    expect(await readdir(join(folder, 'outbox'))).toEqual(['000000000002.json']);
  });

  it('ignore a file that was not finished', async () => {
    const { outbox } = await openFileStores(folder);
    await outbox.put(entry('a'));
    await writeFile(join(folder, 'outbox', '000000000002.json.new'), '{"messageId":');
    expect((await (await openFileStores(folder)).outbox.load()).map(({ messageId }) => messageId)).toEqual(['a']);
  });

  it('are readable by their owner alone', async () => {
    const { tokens, cursors } = await openFileStores(folder);
    await tokens.save({ userId: '', deviceId: '', accessToken: '', accessExpiresAtMs: 0, refreshToken: '' });
    await cursors.save([cursor(1)]);
    for (const name of ['tokens.json', 'cursors.jsonl']) {
      expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
    }
  });
});
