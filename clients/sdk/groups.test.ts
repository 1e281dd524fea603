import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemRandom } from '@parley/schemas/environment/system';
import { afterEach, expect, it } from 'vitest';
import { GroupsApi } from './groups.ts';

interface Asked {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** What the server does with a request: an answer, or the end of the connection. */
type Answer = { readonly status: number; readonly body: object } | 'lost';

const asked: Asked[] = [];
let answers: Answer[] = [];
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  request.on('end', () => {
    const body = text === '' ? null : JSON.parse(text);
    asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    const answer = answers.shift() ?? 'lost';
    if (answer === 'lost') response.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
  });
});

async function makeGroups(...planned: Answer[]): Promise<GroupsApi> {
  answers = planned;
  asked.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = { userId: 'me', accessToken: async () => 'token' };
  return new GroupsApi(`http://127.0.0.1:${port}`, credentials, systemRandom);
}
afterEach(() => new Promise((resolve) => server.close(resolve)));

const done = { status: 202, body: { group_id: 'g', version: 3, settled: false } };
const refused = { status: 403, body: { error: { code: 'forbidden' } } };

it('makes a call whose answer was lost again with the same key, and another call with another', async () => {
  const groups = await makeGroups('lost', { status: 500, body: { error: { code: 'internal' } } }, done, done);
  expect(await groups.make({ title: 'Hike', memberIds: ['a'], whoMaySend: 'admins' })).toEqual({
    groupId: 'g',
    version: 3,
    isSettled: false,
  });
  await groups.leave('g');
  const keys = asked.map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys.slice(0, 3)).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[3]).not.toBe(keys[0]);
  expect(asked[0]!.body).toEqual({ title: 'Hike', member_ids: ['a'], who_may_send: 'admins' });
  expect(asked[0]!.headers.authorization).toBe('Bearer token');
  expect(asked[3]!.line).toBe('DELETE /v1/groups/g/members/me');
});

it('gives up after three tries, and at once where the answer would stay the same', async () => {
  const groups = await makeGroups('lost', 'lost', 'lost', done);
  await expect(groups.add('g', ['a'])).rejects.toThrow(TypeError);
  expect(asked).toHaveLength(3);
  answers = [refused, done];
  await expect(groups.setRole('g', 'a', 'admin')).rejects.toMatchObject({ code: 'forbidden' });
  expect(asked).toHaveLength(4);
});

it('lists page after page', async () => {
  const one = (group_id: string) => ({ group_id, version: 1, title: 't', picture_url: null, role: 'member' });
  const groups = await makeGroups(
    { status: 200, body: { groups: [one('a'), one('b')], next: 'b' } },
    { status: 200, body: { groups: [one('c')], next: null } },
  );
  expect((await groups.list()).map(({ groupId }) => groupId)).toEqual(['a', 'b', 'c']);
  expect(asked.map(({ line }) => line)).toEqual(['GET /v1/groups', 'GET /v1/groups?after=b']);
});
