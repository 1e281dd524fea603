import { randomUUID } from 'node:crypto';
import { systemClock } from '@parley/schemas/environment/system';
import { bucketMs } from '@parley/streams/conversation/buckets';
import { afterAll, describe, expect, it } from 'vitest';
import { openEnvFixture } from '../lmdb/env.fixture.ts';
import { LmdbMessageStore } from '../messages/store.lmdb.ts';
import { messageIdAt, messageRow, noonMs } from '../rows.fixture.ts';
import { BucketWalk } from './bucket-walk.ts';

describe('BucketWalk', () => {
  const fixture = openEnvFixture();
  const messages = new LmdbMessageStore(fixture.env, fixture.writes, systemClock);
  afterAll(() => fixture.close());

  /** Rows at so many seconds after noon, in the sub-buckets that are told. */
  const store = async (rows: ReadonlyArray<{ readonly second: number; readonly subBucket: number }>) => {
    const conversationId = randomUUID();
    const made = rows.map(({ second, subBucket }, index) =>
      messageRow({ conversationId, subBucket, seq: index + 1, messageId: messageIdAt(noonMs + second * 1000) }),
    );
    await messages.write(made);
    const places = made.map(({ bucket, subBucket }) => `${bucket}/${subBucket}`);
    const buckets = [...new Set(places)].map((place) => {
      const [bucket, subBucket] = place.split('/').map(Number) as [number, number];
      return { bucket, subBucket, rows: 1 };
    });
    return { conversationId, buckets };
  };

  it('has come as far as the sub-bucket that is furthest behind', async () => {
    const rows = [0, 5, 20, 30].map((second) => ({ second, subBucket: 0 }));
    const { conversationId, buckets } = await store([
      ...rows,
      ...[10, 600, 700].map((second) => ({ second, subBucket: 1 })),
    ]);
    const options = { messages, conversationId, buckets, beyondSeq: 0, startMs: noonMs };
    const walk = new BucketWalk({ ...options, direction: 'ascending' });
    expect(walk.frontierMs).toBe(noonMs);
    await walk.read(2);
    expect(walk.frontierMs).toBe(noonMs);
    await walk.read(2);
    expect(walk.frontierMs).toBe(noonMs + 5_000);
    await walk.read(3);
    expect(walk.frontierMs).toBe(noonMs + 30_000);
    await walk.read(3);
    expect(walk.frontierMs).toBe(noonMs + 600_000);
    await walk.read(3);
    expect(walk.exhausted).toBe(true);
    expect(walk.frontierMs).toBe(Number.POSITIVE_INFINITY);

    const back = new BucketWalk({ ...options, direction: 'descending', beyondSeq: 100, startMs: noonMs + 800_000 });
    await back.read(2);
    await back.read(2);
    expect(back.frontierMs).toBe(noonMs + 600_000);
    await back.read(3);
    expect(back.frontierMs).toBe(noonMs + 20_000);
  });

  it('goes from bucket to bucket in either direction, and not to those before its start', async () => {
    const far = bucketMs / 1000;
    const rows = [0, 2 * far, 5 * far].map((second) => ({ second, subBucket: 0 }));
    const { conversationId, buckets } = await store(rows);
    const options = { messages, conversationId, buckets: buckets.toReversed(), startMs: noonMs + bucketMs };
    const forward = new BucketWalk({ ...options, direction: 'ascending', beyondSeq: 0 });
    expect((await forward.read(10)).map(({ seq }) => seq)).toEqual([2]);
    expect((await forward.read(10)).map(({ seq }) => seq)).toEqual([3]);
    expect(forward.exhausted).toBe(true);
    const backward = new BucketWalk({
      ...options,
      direction: 'descending',
      beyondSeq: 9,
      startMs: noonMs + 3 * bucketMs,
    });
    expect((await backward.read(10)).map(({ seq }) => seq)).toEqual([2]);
    expect((await backward.read(10)).map(({ seq }) => seq)).toEqual([1]);
    expect(backward.frontierMs).toBe(Number.NEGATIVE_INFINITY);
  });
});
