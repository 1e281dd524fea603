import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directoryContract } from './directory.contract.ts';
import { openEmbeddedDirectory } from './open.ts';

directoryContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});

it('is there again after a restart, and says unavailable once closed', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-directory-'));
  try {
    const first = await openEmbeddedDirectory(folder);
    const row = { user_id: crypto.randomUUID(), phone_number: '+4915112345678', display_name: 'Ann' };
    const at = new Date(0);
    await first.run((db) =>
      db
        .insertInto('users')
        .values({ ...row, created_at: at, updated_at: at })
        .execute(),
    );
    await first.close();
    await expect(first.ping()).rejects.toMatchObject({ code: 'unavailable' });
    const second = await openEmbeddedDirectory(folder);
    expect(await second.run((db) => db.selectFrom('users').selectAll().execute())).toMatchObject([row]);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
