/** Exports: what is in them, what is not, and what happens when their sources fail. */
import { randomUUID } from 'node:crypto';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import type { HistoryPage } from '@parley/projections/history/reader';
import type { InboxEntry } from '@parley/projections/inbox/store';
import { limitTable } from '@parley/projections/limits/table';
import { messageRow } from '@parley/projections/rows.fixture';
import type { MessageRow } from '@parley/streams/conversation/rows';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiFixture, makeApi, newNumber, phoneDevice } from '../api.fixture.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { defaultExportBounds, exportAccount } from './account-export.ts';

type Sources = Awaited<ReturnType<ApiDependencies['projections']>>;

let database: DirectoryDatabase;
const opened: ApiFixture[] = [];
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
}, 60_000);
afterAll(async () => {
  for (const api of opened) await api.close();
  await database.close();
});

const entryOf = (conversationId: string): InboxEntry => ({
  ...{ conversationId, conversationType: 'one_on_one', otherUserId: randomUUID(), lastMessagePreview: 'hi' },
  ...{ lastMessageAtMs: 5, lastSeq: 9, lastOrdinal: 9, ownOrdinal: 0, leftSeq: null, readSeq: 3, readOrdinal: 3 },
  ...{ clearedSeq: 0, clearedOrdinal: 0, expiresAtMs: null, flags: { pinned: { value: 1, version: 2 } } },
});

/** As many conversations as given, each with rows of the user at odd seqs and of another at even ones. */
class FakeProjections {
  readonly rows = new Map<string, MessageRow[]>();
  failsAfter = Number.POSITIVE_INFINITY;

  constructor(userId: () => string, conversations: number, messages: number) {
    for (let n = 0; n < conversations; n++) {
      const conversationId = randomUUID();
      const rows = Array.from({ length: messages }, (_, index) =>
        messageRow({ conversationId, seq: index + 1, senderId: index % 2 === 0 ? userId() : randomUUID() }),
      );
      this.rows.set(conversationId, rows);
    }
  }

  readonly sources = {
    inbox: {
      list: async (_: string, { after, limit }: { after: string | null; limit: number }) => {
        const ids = [...this.rows.keys()].sort().filter((id) => after === null || id > after);
        return ids.slice(0, limit).map(entryOf);
      },
    },
    history: {
      before: async (_: string, query: { conversationId: string; beforeSeq: number; limit: number }) => {
        if (--this.failsAfter < 0) throw new Error('the store broke');
        const { conversationId, beforeSeq, limit } = query;
        const all = this.rows.get(conversationId)!.filter(({ seq }) => beforeSeq === 0 || seq < beforeSeq);
        const rows = all.slice(-limit);
        const covered = { coveredFrom: rows[0]?.seq ?? 1, coveredTo: rows.at(-1)?.seq ?? 0, coveredToAtMs: 0 };
        return { conversationId, ...covered, lastSeq: 9, more: rows.length < all.length, rows } as HistoryPage;
      },
    },
  } as unknown as Sources;
}

function open(projections: Sources, limited = false): ApiFixture {
  const api = makeApi(database, { projections, limited });
  opened.push(api);
  return api;
}

it('holds everything of the user, and no key, token or message of others', async () => {
  let userId = '';
  const fake = { current: null as FakeProjections | null };
  const api = open({
    inbox: { list: (user: string, page: never) => fake.current!.sources.inbox.list(user, page) },
    history: { before: (user: string, query: never) => fake.current!.sources.history.before(user, query) },
  } as unknown as Sources);
  const phoneNumber = newNumber();
  const [ann, bob] = [await api.register(phoneNumber), await api.register()];
  userId = ann.user_id;
  fake.current = new FakeProjections(() => userId, 3, 450);
  await api.as(ann, 'PUT', `/v1/contacts/${bob.user_id}`, { label: 'Bob' });
  await api.as(ann, 'PATCH', '/v1/me/privacy', { last_seen: 'contacts' });
  const answer = await api.as(ann, 'GET', '/v1/me/export');
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  const taken = answer.json();
  expect(taken).toMatchObject({
    exported_at_ms: api.nowMs(),
    profile: { user_id: userId, phone_number: phoneNumber, display_name: 'Ann', about: null, picture_url: null },
    privacy: { last_seen: 'contacts', read_receipts: true },
    devices: [{ device_id: ann.device_id, name: phoneDevice.name, platform: phoneDevice.platform }],
    contacts: [{ user_id: bob.user_id, label: 'Bob' }],
    messages_complete: true,
  });
  expect(taken.conversations).toHaveLength(3);
  expect(taken.conversations[0]).toMatchObject({ read_seq: 3, settings: { pinned: 1 } });
  const own = [...fake.current.rows.values()].flat().filter(({ senderId }) => senderId === userId);
  const bodies = taken.messages.map(({ encrypted_body }: { encrypted_body: string }) => encrypted_body).sort();
  expect(bodies).toEqual(own.map(({ encryptedBody }) => encryptedBody.toString('base64')).sort());
  for (const secret of [phoneDevice.push_token, phoneDevice.key_bundle, ann.refresh_token, ann.access_token]) {
    expect(answer.body.includes(secret)).toBe(false);
  }
});

it('reads no more messages than it may, and says so', async () => {
  const userId = randomUUID();
  const fake = new FakeProjections(() => userId, 4, 100);
  const api = open(fake.sources);
  const ann = await api.register();
  const sources = { accounts: api.dependencies.accounts, projections: fake.sources };
  const read = async (maxRowsRead: number) => {
    let text = '';
    for await (const piece of exportAccount(ann.user_id, sources, 0, { ...defaultExportBounds, maxRowsRead }))
      text += piece;
    return JSON.parse(text);
  };
  expect((await read(250)).messages_complete).toBe(false);
  expect((await read(401)).messages_complete).toBe(true);
});

it('is refused while its sources are away, without being counted; then it is there twice a day', async () => {
  const fake = new FakeProjections(() => '', 0, 0);
  const api = open(fake.sources, true);
  const failing = makeApi(database, { limited: true });
  opened.push(failing);
  const ann = await failing.register();
  for (let i = 0; i < 3; i++) expect((await failing.as(ann, 'GET', '/v1/me/export')).statusCode).toBe(503);
  const bob = await api.register();
  for (let i = 0; i < limitTable.exportsPerUser.limit; i++) {
    expect((await api.as(bob, 'GET', '/v1/me/export')).statusCode).toBe(200);
  }
  const beyond = await api.as(bob, 'GET', '/v1/me/export');
  expect(beyond.statusCode).toBe(429);
  expect(beyond.json().error.retry_after_ms).toBe(limitTable.exportsPerUser.windowMs);
});

it('breaks off so that nobody takes a part for the whole, and says why in the log without saying what', async () => {
  const fake = new FakeProjections(() => randomUUID(), 2, 10);
  fake.failsAfter = 1;
  const api = open(fake.sources);
  const ann = await api.register();
  const broken = await api.as(ann, 'GET', '/v1/me/export').then(
    (answer) => answer.body,
    () => '',
  );
  expect(() => JSON.parse(broken)).toThrow();
  await expect.poll(() => api.log.join('\n'), { timeout: 10_000 }).toContain('an export broke off');
});
