import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '@parley/schemas/environment/system';
import { makeMessageId } from '@parley/schemas/identity/message-id';
import { dataKeyIdOf } from '@parley/streams/sealing/data-key';
import { expect, it } from 'vitest';
import { dataKeysContract } from './data-keys.contract.ts';
import { LmdbDataKeyReader, LmdbDataKeys } from './data-keys.lmdb.ts';

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'parley-data-keys-'));

dataKeysContract('lmdb', async (environment) => {
  const path = newFolder();
  const keys = new LmdbDataKeys({ path, ...environment });
  return {
    keys,
    close: async () => {
      await keys.close();
      rmSync(path, { recursive: true });
    },
  };
});

it('is read by others meanwhile, and is there again after a restart', async () => {
  const path = newFolder();
  const nowMs = 1_790_000_000_000;
  const environment = { path, clock: { nowMs: () => nowMs }, random: systemRandom };
  const id = dataKeyIdOf(crypto.randomUUID(), makeMessageId(nowMs, systemRandom), 86_400);
  const owner = new LmdbDataKeys(environment);
  const key = await owner.obtain(id);
  await owner.close();
  const again = new LmdbDataKeys(environment);
  expect(await again.obtain(id)).toEqual(key);
  await again.close();
  const reader = LmdbDataKeyReader.open(path);
  expect(await reader.find([id])).toEqual([key]);
  await reader.close();
  rmSync(path, { recursive: true });
});
