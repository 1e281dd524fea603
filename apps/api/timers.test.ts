import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, makeApi, type TokenAnswer } from './api.fixture.ts';

let database: DirectoryDatabase;
let api: ApiFixture;
let [alice, bob, cleo] = [] as unknown as [TokenAnswer, TokenAnswer, TokenAnswer];
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  api = makeApi(database);
  alice = await api.register();
  bob = await api.register();
  cleo = await api.register();
}, 60_000);
afterAll(async () => {
  await api.close();
  await database.close();
});

const url = (query = '') => `/v1/conversations/${directConversationId(alice.user_id, bob.user_id)}/timer${query}`;
const call = (who: TokenAnswer | null, method: 'GET' | 'PUT', path: string, payload?: object) =>
  api.app.inject({
    ...{ method, url: path },
    headers: who === null ? {} : { authorization: `Bearer ${who.access_token}` },
    ...(payload === undefined ? {} : { payload }),
  });

const nil = '00000000-0000-0000-0000-000000000000';

describe('disappearing timers', () => {
  it('are set and read by the two of a conversation', async () => {
    const put = await call(alice, 'PUT', url(), { timer_seconds: 86_400, peer_id: bob.user_id });
    expect([put.statusCode, put.json()]).toEqual([200, { timer_seconds: 86_400, version: 1, settled: true }]);
    const got = await call(bob, 'GET', url(`?peer_id=${alice.user_id}`));
    expect([got.statusCode, got.json()]).toEqual([200, { timer_seconds: 86_400 }]);
  });

  it('are refused to everybody else, and to those who ask for what there is not', async () => {
    const refusals = [
      [await call(null, 'PUT', url(), { timer_seconds: 0, peer_id: bob.user_id }), 401, 'unauthenticated'],
      [await call(cleo, 'PUT', url(), { timer_seconds: 0, peer_id: bob.user_id }), 400, 'conversation_mismatch'],
      [await call(cleo, 'GET', url(`?peer_id=${bob.user_id}`)), 400, 'conversation_mismatch'],
      [await call(alice, 'PUT', url(), { timer_seconds: 3_600, peer_id: bob.user_id }), 400, 'invalid_request'],
      [await call(alice, 'PUT', url(), { timer_seconds: -1, peer_id: bob.user_id }), 400, 'invalid_request'],
      [await call(alice, 'PUT', url(), { timer_seconds: 0 }), 400, 'conversation_mismatch'],
      [await call(alice, 'PUT', `/v1/conversations/${cleo.user_id}/timer`, { timer_seconds: 0 }), 404, 'not_found'],
      [
        await call(alice, 'PUT', `/v1/conversations/${nil}/timer`, { timer_seconds: 0, peer_id: nil }),
        400,
        'conversation_mismatch',
      ],
      [await call(alice, 'PUT', `/v1/conversations/${nil}/timer`, { timer_seconds: 0 }), 404, 'not_found'],
    ] as const;
    for (const [answer, status, code] of refusals) {
      expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
    }
  });
});
