import { randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { Outbox } from '@parley/projections/directory/outbox/outbox';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, makeApi, type TokenAnswer } from './api.fixture.ts';

let database: DirectoryDatabase;
let api: ApiFixture;
let [alice, bob, cleo, dan] = [] as unknown as [TokenAnswer, TokenAnswer, TokenAnswer, TokenAnswer];
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  api = makeApi(database);
  alice = await api.register();
  bob = await api.register();
  cleo = await api.register();
  dan = await api.register();
}, 60_000);
afterAll(async () => {
  await api.close();
  await database.close();
});

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
const call = (who: TokenAnswer, method: Method, url: string, payload?: object, key?: string) =>
  api.app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${who.access_token}`, ...(key === undefined ? {} : { 'idempotency-key': key }) },
    ...(payload === undefined ? {} : { payload }),
  });
const make = (body: object = {}, key: string = randomUUID()) =>
  call(alice, 'POST', '/v1/groups', { title: 'Hike', member_ids: [bob.user_id], ...body }, key);
const groupIdOf = (answer: LightMyRequestResponse): string => answer.json().group_id;
const said = (answer: LightMyRequestResponse) => [answer.statusCode, answer.json().error?.code];

describe('groups', () => {
  it('are made once for a key, shown to their members, and listed page by page', async () => {
    const key = randomUUID();
    const [first, again] = [await make({}, key), await make({}, key)];
    expect(first.statusCode).toBe(200);
    expect(first.json()).toEqual({ group_id: groupIdOf(first), version: 1, settled: true });
    expect(again.json()).toEqual(first.json());
    expect(said(await make({ title: 'Other' }, key))).toEqual([409, 'request_key_reused']);
    const url = `/v1/groups/${groupIdOf(first)}`;
    const { members, ...rest } = (await call(bob, 'GET', url)).json();
    expect(rest).toEqual({
      ...{ group_id: groupIdOf(first), version: 1, title: 'Hike', description: null, picture_url: null },
      ...{ who_may_send: 'everyone', who_may_edit: 'everyone', max_members: 256 },
      ...{ created_by: alice.user_id, created_at_ms: api.nowMs() },
    });
    expect(members.map((one: { user_id: string; role: string }) => [one.user_id, one.role]).sort()).toEqual(
      [
        [alice.user_id, 'admin'],
        [bob.user_id, 'member'],
      ].sort(),
    );
    expect(said(await call(dan, 'GET', url))).toEqual([404, 'not_found']);
    const other = groupIdOf(await make());
    const page = (await call(bob, 'GET', '/v1/groups?limit=1')).json();
    const rest2 = (await call(bob, 'GET', `/v1/groups?limit=1&after=${page.next}`)).json();
    expect([...page.groups, ...rest2.groups].map((one: { group_id: string }) => one.group_id).sort()).toEqual(
      [groupIdOf(first), other].sort(),
    );
    expect(rest2.next).toBeNull();
    expect((await call(dan, 'GET', '/v1/groups')).json()).toEqual({ groups: [], next: null });
  });

  it('are changed, and the relay is asked for every change', async () => {
    const groupId = groupIdOf(await make());
    const url = `/v1/groups/${groupId}`;
    api.relayed.asked.length = 0;
    const steps: [TokenAnswer, Method, string, object?][] = [
      [alice, 'POST', `${url}/members`, { user_ids: [cleo.user_id, dan.user_id] }],
      [bob, 'PATCH', url, { title: 'Hut', description: 'walks\nand talks', picture_url: 'https://x.example/p.png' }],
      [alice, 'PUT', `${url}/members/${cleo.user_id}/role`, { role: 'admin' }],
      [cleo, 'DELETE', `${url}/members/${bob.user_id}`],
      [dan, 'DELETE', `${url}/members/${dan.user_id}`],
      [alice, 'POST', `${url}/transfer`, { user_id: cleo.user_id }],
    ];
    const versions: number[] = [];
    for (const [who, method, path, payload] of steps) {
      const answer = await call(who, method, path, payload);
      expect(answer.statusCode, path).toBe(200);
      versions.push(answer.json().version);
    }
    // Two were added; cleo was an admin already, so that the transfer is one event.
    expect(versions).toEqual([3, 4, 5, 6, 7, 8]);
    expect(api.relayed.asked).toEqual(versions.map((version) => [groupId, version]));
    const events = await new Outbox(database).unsent(groupId, 100);
    expect(events.map(({ eventName }) => eventName)).toEqual([
      'conversation_created',
      'member_added',
      'member_added',
      'conversation_changed',
      'member_role_changed',
      'member_removed',
      'member_removed',
      'member_role_changed',
    ]);
    expect(said(await call(alice, 'PATCH', url, { who_may_send: 'admins' }))).toEqual([403, 'forbidden']);
    expect(said(await call(bob, 'PATCH', url, { title: 'mine' }))).toEqual([404, 'not_found']);
  });

  it('rule 20: answer 202 while the log does not have the change', async () => {
    api.relayed.settles = false;
    const made = await make();
    api.relayed.settles = true;
    expect([made.statusCode, made.json().settled]).toEqual([202, false]);
    const again = await call(alice, 'PATCH', `/v1/groups/${groupIdOf(made)}`, { title: 'Hike' });
    expect([again.statusCode, again.json()]).toEqual([200, { group_id: groupIdOf(made), version: 1, settled: true }]);
  });

  it('have an invite link that admins show, and anybody who has it may use until it is taken back', async () => {
    const url = `/v1/groups/${groupIdOf(await make())}`;
    expect(said(await call(bob, 'POST', `${url}/invite`))).toEqual([403, 'forbidden']);
    const { token } = (await call(alice, 'POST', `${url}/invite`)).json();
    expect((await call(alice, 'GET', `${url}/invite`)).json()).toMatchObject({ token, created_by: alice.user_id });
    expect((await call(dan, 'POST', '/v1/invites/join', { token })).json()).toMatchObject({ version: 2 });
    expect((await call(alice, 'DELETE', `${url}/invite`)).statusCode).toBe(204);
    expect(said(await call(cleo, 'POST', '/v1/invites/join', { token }))).toEqual([404, 'invite_invalid']);
    expect(said(await call(alice, 'GET', `${url}/invite`))).toEqual([404, 'not_found']);
    expect(api.log.join('\n')).not.toContain(token);
  });

  it('refuse what is out of bounds', async () => {
    const ids = Array.from({ length: 101 }, () => randomUUID());
    const bad: object[] = [
      { title: '' },
      { title: ' ' },
      { title: 'x'.repeat(101) },
      { title: 'a\0b' },
      { title: null },
      { description: 'x'.repeat(513) },
      { description: 'a\tb' },
      { picture_url: 'javascript:alert(1)' },
      { picture_url: 'https://a b' },
      { picture_url: `https://${'x'.repeat(500)}` },
      { who_may_send: 'nobody' },
      { max_members: 1 },
      { max_members: 1_025 },
      { member_ids: [bob.user_id.toUpperCase()] },
      { member_ids: 'all' },
      { owner: alice.user_id },
    ];
    for (const body of bad) expect(said(await make(body)), JSON.stringify(body)).toEqual([400, 'invalid_request']);
    const noKey = await call(alice, 'POST', '/v1/groups', { title: 'Hike', member_ids: [] });
    expect(said(noKey)).toEqual([400, 'invalid_request']);
    for (const key of ['', 'x'.repeat(65), 'ä', 'a b']) {
      expect(said(await make({}, key)), key).toEqual([400, 'invalid_request']);
    }
    const url = `/v1/groups/${groupIdOf(await make())}`;
    expect(said(await call(alice, 'POST', `${url}/members`, { user_ids: ids }))).toEqual([400, 'invalid_request']);
    expect(said(await call(alice, 'POST', `${url}/members`, { user_ids: [] }))).toEqual([400, 'invalid_request']);
    expect(said(await call(alice, 'POST', `${url}/members`, { user_ids: [ids[0]] }))).toEqual([404, 'user_unknown']);
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=x']) {
      expect(said(await call(alice, 'GET', `/v1/groups?${query}`)), query).toEqual([400, 'invalid_request']);
    }
    const odd = ['x', '%00', '..', randomUUID().toUpperCase(), `${randomUUID()}'`];
    for (const id of odd) expect((await call(alice, 'GET', `/v1/groups/${id}`)).statusCode, id).toBeGreaterThan(399);
    for (const token of ['x', 'x'.repeat(44), 'ä'.repeat(43)]) {
      expect(said(await call(alice, 'POST', '/v1/invites/join', { token }))).toEqual([400, 'invalid_request']);
    }
    expect(said(await call(alice, 'POST', '/v1/invites/join', { token: 'x'.repeat(43) }))).toEqual([
      404,
      'invite_invalid',
    ]);
  });

  it('need a token, and may be changed so often', async () => {
    for (const [method, url] of [
      ['POST', '/v1/groups'],
      ['GET', '/v1/groups'],
      ['GET', `/v1/groups/${randomUUID()}`],
      ['POST', `/v1/groups/${randomUUID()}/members`],
      ['POST', '/v1/invites/join'],
    ] as const) {
      expect(said(await api.app.inject({ method, url }))).toEqual([401, 'unauthenticated']);
    }
    const limited = makeApi(database, { limited: true });
    const eve = await limited.register();
    const answers: number[] = [];
    for (let i = 0; i < 101; i++) {
      const url = `/v1/groups/${randomUUID()}`;
      answers.push((await limited.as(eve, 'PATCH', url, { title: 'x' })).statusCode);
    }
    await limited.close();
    expect(answers.filter((status) => status === 404)).toHaveLength(100);
    expect(answers.at(-1)).toBe(429);
  });
});
