import { describe, expect, it } from 'vitest';
import { bucketMs, bucketOfMessageId, bucketOfTime, placeRow, withRow } from './buckets.ts';
import { direct, given, newId, sent } from './story.fixture.ts';

const max = 3;

describe('rule 12: buckets of message rows', () => {
  it('rule 12: a bucket is ten days of ULID time', () => {
    expect(bucketMs).toBe(864_000_000);
    const boundaryMs = bucketMs * 2_100;
    expect([bucketOfMessageId(newId(boundaryMs - 1)), bucketOfMessageId(newId(boundaryMs))]).toEqual([2_099, 2_100]);
    expect(bucketOfTime(boundaryMs)).toBe(2_100);
  });

  it('rule 12: a sub-bucket follows a full one', () => {
    let buckets: ReturnType<typeof withRow> = [];
    const places = Array.from({ length: 7 }, () => {
      const place = placeRow(buckets, 5, max);
      buckets = withRow(buckets, place);
      return `${place.subBucket}${place.opens ? ' opens' : ''}`;
    });
    expect(places).toEqual(['0 opens', '0', '0', '1 opens', '1', '1', '2 opens']);
    expect(buckets.map(({ rows }) => rows)).toEqual([3, 3, 1]);
  });

  it('rule 12: buckets are listed in order though ids straddle a boundary', () => {
    let buckets: ReturnType<typeof withRow> = [];
    for (const bucket of [7, 9, 8, 7, 9]) buckets = withRow(buckets, placeRow(buckets, bucket, 1));
    expect(buckets.map(({ bucket, subBucket }) => [bucket, subBucket])).toEqual([
      [7, 0],
      [7, 1],
      [8, 0],
      [9, 0],
      [9, 1],
    ]);
  });

  it('rule 12: the row lies in the bucket of its id, not of T', () => {
    const boundaryMs = bucketMs * 2_100;
    const story = given(direct);
    const late = story.when(sent({ at: boundaryMs + 5_000, message_id: newId(boundaryMs - 5_000) }));
    const next = story.when(sent({ at: boundaryMs + 5_000 }));
    expect(late).toMatchObject({ bucket: 2_099, opensBucket: true });
    expect(next).toMatchObject({ bucket: 2_100, opensBucket: true });
    expect(story.state.buckets).toEqual([
      { bucket: 2_099, subBucket: 0, rows: 1 },
      { bucket: 2_100, subBucket: 0, rows: 1 },
    ]);
  });
});
