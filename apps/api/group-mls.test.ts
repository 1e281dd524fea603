import { randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { Outbox } from '@parley/projections/directory/outbox/outbox';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiFixture, makeApi } from './api.fixture.ts';

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

it('rule 22: an admin ends a generation of the MLS group, which is an event in the order of the others', async () => {
  const [alice, bob, dan] = [await api.register(), await api.register(), await api.register()];
  const headers = { authorization: `Bearer ${alice.access_token}`, 'idempotency-key': randomUUID() };
  const group = { title: 'Hike', member_ids: [bob.user_id] };
  const { group_id: groupId } = (await api.post('/v1/groups', group, headers)).json();
  const url = `/v1/groups/${groupId}/mls-generations`;
  for (const [who, status] of [
    [bob, 403],
    [dan, 404],
  ] as const) {
    expect((await api.as(who, 'POST', url, { from_generation: 0 })).statusCode).toBe(status);
  }
  for (const body of [{}, { from_generation: -1 }, { from_generation: 0.5 }, { from_generation: 0, to: 1 }]) {
    expect((await api.as(alice, 'POST', url, body)).json().error.code).toBe('invalid_request');
  }
  const answer = await api.as(alice, 'POST', url, { from_generation: 0 });
  expect([answer.statusCode, answer.json()]).toEqual([200, { group_id: groupId, version: 2, settled: true }]);
  const rows = await new Outbox(database).unsent(groupId, 10);
  expect(rows.map(({ eventName, version }) => [eventName, version])).toEqual([
    ['conversation_created', 1],
    ['mls_generation_opened', 2],
  ]);
});
