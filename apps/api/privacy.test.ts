import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, makeApi, newNumber } from './api.fixture.ts';

let database: DirectoryDatabase;
let api: ApiFixture;
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  api = makeApi(database);
}, 60_000);
afterAll(async () => {
  await api.close();
  await database.close();
});

describe('privacy', () => {
  it('is open to everybody at first, and is changed setting by setting, for the caller alone', async () => {
    const [ann, bob] = [await api.register(newNumber()), await api.register(newNumber())];
    const of = async (who: typeof ann) => (await api.as(who, 'GET', '/v1/me/privacy')).json();
    expect(await of(ann)).toEqual({ last_seen: 'everyone', read_receipts: true });
    const changed = await api.as(ann, 'PATCH', '/v1/me/privacy', { last_seen: 'contacts' });
    expect([changed.statusCode, changed.json()]).toEqual([200, { last_seen: 'contacts', read_receipts: true }]);
    await api.as(ann, 'PATCH', '/v1/me/privacy', { read_receipts: false });
    expect(await of(ann)).toEqual({ last_seen: 'contacts', read_receipts: false });
    expect(await of(bob)).toEqual({ last_seen: 'everyone', read_receipts: true });
  });

  it('is refused where it is no setting, or of nobody', async () => {
    const ann = await api.register(newNumber());
    for (const body of [{ last_seen: 'friends' }, { read_receipts: 'no' }, { online: 'nobody' }, []]) {
      expect((await api.as(ann, 'PATCH', '/v1/me/privacy', body)).statusCode, JSON.stringify(body)).toBe(400);
    }
    expect((await api.app.inject({ method: 'GET', url: '/v1/me/privacy' })).statusCode).toBe(401);
  });
});
