import { randomBytes, randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { OperatorDesk } from '@parley/projections/directory/operator-desk';
import { loadConfig } from '@parley/runtime/config';
import { systemRandom } from '@parley/schemas/environment/system';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { encodeSnapshot } from '@parley/streams/conversation/snapshot';
import { alice, bob, direct, given, sent } from '@parley/streams/conversation/story.fixture';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type ApiFixture, makeApi } from '../api.fixture.ts';
import { createAdminApi } from './admin.ts';
import { adminConfig, adminProblems, operatorsFrom } from './config.ts';
import { Operators } from './operators.ts';

const token = randomBytes(24).toString('base64url');
const authorization = `Bearer ${token}`;

let database: DirectoryDatabase;
let api: ApiFixture;
let admin: FastifyInstance;
let desk: OperatorDesk;

beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
}, 60_000);
beforeEach(() => {
  api = makeApi(database);
  const { accounts, clock, logger } = api.dependencies;
  const { state } = given(direct, sent());
  const saved = { conversationId: direct, snapshot: encodeSnapshot(state), offset: 1, writeTimestampUs: 1 };
  desk = new OperatorDesk({ database, clock, random: systemRandom });
  admin = createAdminApi({
    ...{ accounts, desk, logger },
    operators: new Operators([
      { name: 'oleg', token: randomBytes(24).toString('base64url') },
      { name: 'olga', token },
    ]),
    states: async () => ({ load: async (ids) => ids.map((id) => (id === direct ? saved : null)) }),
  });
});
afterEach(async () => {
  await admin.close();
  await api.close();
});
afterAll(() => database.close());

const ask = (method: 'GET' | 'PUT' | 'DELETE', url: string, headers: Record<string, string> = { authorization }) =>
  admin.inject({ method, url: `/admin${url}`, headers });

describe('the admin API', () => {
  it('is for operators alone: not for a user’s token, and not on the public port', async () => {
    const user = await api.register();
    const strangers = [{}, { authorization: 'Bearer' }, { authorization: `Bearer ${token.slice(1)}` }];
    const urls = ['/v1/reports', '/v1/audit', `/v1/users/${user.user_id}`, '/openapi.json', '/nothing'];
    for (const headers of [...strangers, { authorization: `Bearer ${user.access_token}` }]) {
      for (const url of urls) expect((await ask('GET', url, headers)).statusCode).toBe(401);
      expect((await ask('PUT', `/v1/users/${user.user_id}/ban`, headers)).statusCode).toBe(401);
    }
    for (const url of urls) {
      const onPublic = await api.app.inject({ url: `/admin${url}`, headers: { authorization } });
      expect(onPublic.statusCode).toBe(404);
    }
    expect((await desk.user(user.user_id)).bannedAtMs).toBeNull();
  });

  it('tells of a user when they came and which devices they have, and nothing else', async () => {
    const user = await api.register();
    const answer = await ask('GET', `/v1/users/${user.user_id}`);
    const nothing = { deleted_at_ms: null, banned_at_ms: null };
    const device = { device_id: user.device_id, platform: 'android', created_at_ms: api.nowMs(), revoked_at_ms: null };
    expect(answer.json()).toEqual({
      ...nothing,
      ...{ user_id: user.user_id, created_at_ms: api.nowMs(), devices: [{ ...device, platform: expect.any(String) }] },
    });
    expect((await ask('GET', `/v1/users/${randomUUID()}`)).statusCode).toBe(404);
    expect((await ask('GET', '/v1/users/x')).statusCode).toBe(400);
  });

  it('tells of a conversation who is in it and how far it has come, and no message', async () => {
    const answer = await ask('GET', `/v1/conversations/${direct}`);
    expect(answer.json()).toMatchObject({ type: 'one_on_one', last_seq: 1, directory_version: 0 });
    const members = answer.json().members.map((one: { user_id: string }) => one.user_id);
    expect(new Set(members)).toEqual(new Set([alice, bob]));
    expect(answer.body).not.toMatch(/ciphertext|preview|message_id/);
    expect((await ask('GET', `/v1/conversations/${randomUUID()}`)).statusCode).toBe(404);
  });

  it('revokes a device, bans and unbans', async () => {
    const [ann, eve] = [await api.register(), await api.register()];
    const device = `/v1/users/${ann.user_id}/devices/${ann.device_id}`;
    expect((await ask('DELETE', `/v1/users/${eve.user_id}/devices/${ann.device_id}`)).statusCode).toBe(404);
    expect((await ask('DELETE', device)).statusCode).toBe(204);
    expect((await api.as(ann, 'GET', '/v1/me')).json().error.code).toBe('device_revoked');
    expect((await ask('PUT', `/v1/users/${eve.user_id}/ban`)).statusCode).toBe(204);
    expect((await api.as(eve, 'GET', '/v1/me')).json().error.code).toBe('device_revoked');
    expect((await ask('GET', `/v1/users/${eve.user_id}`)).json().banned_at_ms).toBe(api.nowMs());
    expect((await ask('DELETE', `/v1/users/${eve.user_id}/ban`)).statusCode).toBe(204);
    expect((await ask('GET', `/v1/users/${eve.user_id}`)).json().banned_at_ms).toBeNull();
    expect((await ask('PUT', `/v1/users/${randomUUID()}/ban`)).statusCode).toBe(404);
  });

  it('shows reports, and takes those that were handled out of the queue', async () => {
    const [ann, eve] = [await api.register(), await api.register()];
    const messages = [{ message_id: '01HZXW6QZK3T8N5V2B7C9D0E1F', text: 'cheap followers' }];
    const body = { user_id: eve.user_id, reason: 'spam', text: 'spam', messages };
    const { report_id } = (await api.as(ann, 'POST', '/v1/reports', body)).json();
    const open = (await ask('GET', '/v1/reports')).json();
    expect(open).toMatchObject({ next: null, reports: [{ ...body, report_id, group_id: null, handled_by: null }] });
    expect((await ask('PUT', `/v1/reports/${report_id}/handled`)).statusCode).toBe(204);
    expect((await ask('GET', '/v1/reports')).json().reports).toEqual([]);
    expect((await ask('GET', '/v1/reports?handled=true')).json().reports).toMatchObject([{ handled_by: 'olga' }]);
    expect(api.log.join()).not.toMatch(/followers/);
  });

  it('writes down who called what, before it is done; without that nothing is done', async () => {
    api.advance(3_600_000); // After what other tests wrote.
    const eve = await api.register();
    const target = eve.user_id;
    await ask('PUT', `/v1/users/${target}/ban`);
    await ask('PUT', `/v1/users/${target}/ban`, {});
    api.advance(1);
    await ask('GET', `/v1/users/${target}`);
    api.advance(1);
    const { entries, next } = (await ask('GET', '/v1/audit?limit=2')).json();
    expect(entries).toMatchObject([
      { operator: 'olga', action: 'adminListAudit', target: null },
      { operator: 'olga', action: 'adminGetUser', target },
    ]);
    const older = (await ask('GET', `/v1/audit?limit=1&before=${next}`)).json().entries;
    expect(older).toMatchObject([{ operator: 'olga', action: 'adminBan', target }]);
    await ask('DELETE', `/v1/users/${target}/ban`);
    vi.spyOn(desk, 'wrote').mockRejectedValue(new ParleyError('unavailable'));
    expect((await ask('PUT', `/v1/users/${target}/ban`)).statusCode).toBe(503);
    expect((await desk.user(target)).bannedAtMs).toBeNull();
    expect(api.log.join()).not.toContain(token);
  });

  it('answers hostile requests in the catalogue’s words', async () => {
    const hostile = [
      "/v1/users/'%20OR%201=1",
      '/v1/users/%00',
      '/v1/audit?limit=1e9',
      '/v1/audit?before=x',
      '/v1/reports?x=1',
    ];
    for (const url of hostile) expect((await ask('GET', url)).statusCode).toBe(400);
    expect((await ask('GET', '/v1/nothing')).statusCode).toBe(404);
    const paths = Object.keys((await ask('GET', '/openapi.json')).json().paths);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.every((path) => path.startsWith('/admin/v1/'))).toBe(true);
  });
});

describe('the configuration of the admin API', () => {
  const problems = (port: number, tokens?: string) => {
    const env = { PARLEY_ADMIN_PORT: String(port), PARLEY_ADMIN_TOKENS: tokens };
    return adminProblems({ ...loadConfig(z.object(adminConfig), env), PARLEY_API_PORT: 8080 });
  };

  it('starts none without a port, and none that anybody could use', () => {
    const good = `olga:${token}`;
    expect(problems(0)).toEqual([]);
    expect(problems(8093, good)).toEqual([]);
    for (const bad of [
      undefined,
      'olga:short',
      `olga:${'a'.repeat(40)}`,
      `${good},oleg:${token}`,
      `${good},${good}x`,
    ]) {
      expect(problems(8093, bad)).toHaveLength(1);
    }
    expect(problems(8080, good)).toHaveLength(1);
    for (const bad of ['olga', `Olga:${token}`, ':x']) expect(() => problems(8093, bad)).toThrow('PARLEY_ADMIN_TOKENS');
    const names = operatorsFrom({ PARLEY_ADMIN_TOKENS: [good, 'oleg:a:b'] });
    expect(names).toEqual([
      { name: 'olga', token },
      { name: 'oleg', token: 'a:b' },
    ]);
  });
});
