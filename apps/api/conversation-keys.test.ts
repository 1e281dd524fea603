import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import type { MembersQuery } from '@parley/projections/history/members-then';
import type { Projections } from '@parley/projections/projections';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, makeApi, newNumber } from './api.fixture.ts';

const conversation = '96009000-0000-4000-8000-000000000005';
let database: DirectoryDatabase;
let api: ApiFixture;
const members: string[] = [];
const asked: MembersQuery[] = [];

beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  const history = {
    membersThen: async (userId: string, query: MembersQuery) => {
      asked.push(query);
      if (!members.includes(userId)) throw new ParleyError('not_found');
      const all = members.map((id) => ({ userId: id, joinedSeq: 1, leftSeq: null, role: 'member' as const }));
      return { conversationId: query.conversationId, atSeq: 9, members: all };
    },
  };
  const projections = { history } as unknown as Pick<Projections, 'inbox' | 'history'>;
  api = makeApi(database, { projections });
}, 60_000);
afterAll(async () => {
  await api.close();
  await database.close();
});

describe('the keys of a conversation', () => {
  it('are those of the devices that its members have, or had then, and nobody else is told', async () => {
    const [ann, bob, eve] = [
      await api.register(newNumber()),
      await api.register(newNumber()),
      await api.register(newNumber()),
    ];
    members.push(ann.user_id, bob.user_id);
    const url = `/v1/conversations/${conversation}/keys`;
    const answer = await api.as(ann, 'GET', url);
    expect(answer.statusCode).toBe(200);
    const { at_seq, members: found, next } = answer.json();
    expect([at_seq, next]).toEqual([9, null]);
    const devices = found.map((one: { user_id: string; devices: { device_id: string }[] }) => [
      one.user_id,
      one.devices.map(({ device_id: id }) => id),
    ]);
    const expected = [ann, bob].map((one) => [one.user_id, [one.device_id]]);
    expect(devices.sort()).toEqual(expected.sort());
    expect((await api.as(eve, 'GET', url)).statusCode).toBe(404);
    expect((await api.as(ann, 'GET', `${url}?at_seq=3`)).statusCode).toBe(200);
    expect(asked.at(-1)).toEqual({ conversationId: conversation, atSeq: 3, atMs: 0 });
    // Before anybody had a device.
    const early = (await api.as(ann, 'GET', `${url}?at_ms=1000`)).json();
    expect(early.members.map((one: { devices: unknown[] }) => one.devices)).toEqual([[], []]);
    const last = [ann.user_id, bob.user_id].sort().at(-1)!;
    expect((await api.as(ann, 'GET', `${url}?after=${last}`)).json().members).toEqual([]);
  });

  it('are refused to a query that means nothing', async () => {
    const ann = await api.register(newNumber());
    const of = async (path: string) => (await api.as(ann, 'GET', path)).statusCode;
    const url = `/v1/conversations/${conversation}/keys`;
    expect(await of('/v1/conversations/x/keys')).toBe(400);
    expect(await of(`${url}?at_seq=-1`)).toBe(400);
    expect(await of(`${url}?at_seq=1&at_ms=1`)).toBe(400);
    expect(await of(`${url}?after=x`)).toBe(400);
    expect((await api.app.inject({ method: 'GET', url })).statusCode).toBe(401);
  });
});
