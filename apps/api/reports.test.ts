import { randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiFixture, makeApi } from './api.fixture.ts';

let database: DirectoryDatabase;
let api: ApiFixture;
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
}, 60_000);
beforeEach(() => {
  api = makeApi(database, { limited: true });
});
afterEach(() => api.close());
afterAll(() => database.close());

const messages = [{ message_id: '01HZXW6QZK3T8N5V2B7C9D0E1F', text: 'cheap followers' }];

describe('reports', () => {
  it('are taken with what the reporter chose to show, and none of it is logged', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const body = { user_id: bob.user_id, reason: 'spam', text: 'he sells followers', messages };
    const answer = await api.as(ann, 'POST', '/v1/reports', body);
    expect(answer.statusCode).toBe(201);
    const open = await api.dependencies.accounts.reports.list({ after: null, limit: 10, isHandled: false });
    expect(open).toMatchObject([{ reportId: answer.json().report_id, reporterId: ann.user_id, text: body.text }]);
    expect(api.log.join()).not.toMatch(/followers/);
  });

  it('refuse what is not one', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const good = { user_id: bob.user_id, reason: 'spam' };
    const bad = [
      { ...good, user_id: ann.user_id },
      { ...good, group_id: randomUUID() },
      { reason: 'spam' },
      { ...good, reason: 'boredom' },
      { ...good, text: 'x'.repeat(1_001) },
      { ...good, text: '\0' },
      { ...good, messages: Array.from({ length: 6 }, () => messages[0]) },
      { ...good, messages: [{ ...messages[0], message_id: 'x' }] },
      { ...good, messages: [{ ...messages[0], text: 'x'.repeat(4_001) }] },
      { ...good, more: 1 },
    ];
    for (const body of bad) expect((await api.as(ann, 'POST', '/v1/reports', body)).statusCode).toBe(400);
    for (const about of [{ user_id: randomUUID() }, { group_id: randomUUID() }])
      expect((await api.as(ann, 'POST', '/v1/reports', { reason: 'spam', ...about })).statusCode).toBe(404);
    expect((await api.post('/v1/reports', good)).statusCode).toBe(401);
  });

  it('are limited for each user', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const body = { user_id: bob.user_id, reason: 'other' };
    for (let n = 0; n < 20; n++) expect((await api.as(ann, 'POST', '/v1/reports', body)).statusCode).toBe(201);
    const refused = await api.as(ann, 'POST', '/v1/reports', body);
    expect([refused.statusCode, refused.json().error.code]).toEqual([429, 'rate_limited']);
  });
});

describe('blocks', () => {
  it('are answered once the log has them, or on their way, and listed to their owner alone', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const url = `/v1/blocks/${bob.user_id}`;
    const conversation_id = directConversationId(ann.user_id, bob.user_id);
    const made = await api.as(ann, 'PUT', url);
    expect([made.statusCode, made.json()]).toEqual([200, { conversation_id, version: 1, settled: true }]);
    expect(api.relayed.asked).toEqual([[conversation_id, 1]]);
    const listed = { blocks: [{ user_id: bob.user_id, blocked_at_ms: api.nowMs() }], next: null };
    expect((await api.as(ann, 'GET', '/v1/blocks')).json()).toEqual(listed);
    expect((await api.as(bob, 'GET', '/v1/blocks')).json()).toEqual({ blocks: [], next: null });
    api.relayed.settles = false;
    const undone = await api.as(ann, 'DELETE', url);
    expect([undone.statusCode, undone.json().version]).toEqual([202, 2]);
    expect((await api.as(ann, 'DELETE', `/v1/blocks/${randomUUID()}`)).json()).toMatchObject({ version: 0 });
    expect((await api.as(ann, 'PUT', `/v1/blocks/${randomUUID()}`)).statusCode).toBe(404);
    expect((await api.as(ann, 'PUT', `/v1/blocks/${ann.user_id}`)).statusCode).toBe(400);
    expect((await api.as(ann, 'PUT', '/v1/blocks/x')).statusCode).toBe(400);
  });
});
