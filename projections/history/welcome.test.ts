import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { openEmbeddedProjections } from '../lmdb/projections.ts';
import type { Projections } from '../projections.ts';
import { conversationRow, inboxRow, memberRow, messageRow } from '../rows.fixture.ts';
import { HistoryReader } from './reader.ts';

const folder = temporaryFolder();
let projections: Projections;
beforeAll(() => {
  projections = openEmbeddedProjections(folder.path, { clock: systemClock, metrics: new Registry() });
});
afterAll(async () => {
  await projections.close();
  folder.remove();
});

it('rule 22: every page gives the body of a welcome to its recipient alone, and its place to everybody', async () => {
  const [bob, carol] = [memberRow(), memberRow()];
  const { conversationId } = bob;
  const header = { kind: 'welcome' as const, group_id: Buffer.from('group'), generation: 0, epoch: 1, after_seq: 0 };
  const mls = { ...header, recipient_id: bob.userId };
  const welcome = messageRow({ conversationId, messageType: 'mls', mls, encryptedBody: Buffer.from('secrets') });
  const bucket = { bucket: welcome.bucket, subBucket: welcome.subBucket, rows: 1 };
  await projections.conversationProjector.project({
    members: [bob, { ...carol, conversationId }],
    conversations: [conversationRow({ conversationId, buckets: [bucket] })],
    messages: [welcome],
    inbox: [bob, carol].map(({ userId }) => inboxRow({ userId, conversationId, lastSeq: 1 })),
  });
  const reader = new HistoryReader(projections, systemClock);
  const { messageId } = welcome;
  const bodies = async (userId: string): Promise<string[]> => {
    const pages = [
      await reader.fetch(userId, { conversationId, afterSeq: 0, afterAtMs: 0, limit: 10 }),
      await reader.before(userId, { conversationId, beforeSeq: 0, beforeAtMs: 0, limit: 10 }),
      await reader.around(userId, { conversationId, messageId, before: 5, after: 5, mediaOnly: false }),
    ];
    return pages.flatMap(({ rows }) => rows.map((row) => `${row.seq} ${row.mls?.epoch} ${row.encryptedBody}`));
  };
  expect(await bodies(bob.userId)).toEqual(['1 1 secrets', '1 1 secrets', '1 1 secrets']);
  expect(await bodies(carol.userId)).toEqual(['1 1 ', '1 1 ', '1 1 ']);
});
