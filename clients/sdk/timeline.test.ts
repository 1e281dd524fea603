import type { PageFrame, WireMessage } from '@parley/schemas/generated/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Timeline } from './timeline.ts';

const conversationId = '0a1b2c3d-0000-5000-8000-000000000001';

function message(seq: number): WireMessage {
  return {
    conversation_id: conversationId,
    seq,
    ordinal: seq,
    message_id: `m${seq}`,
    sender_id: 'a',
    sender_device_id: 'd',
    message_type: 'text',
    encrypted_body: Buffer.alloc(0),
    preview: null,
    media_url: null,
    thumbnail_url: null,
    reply_to: null,
    target_id: null,
    at_ms: seq * 10,
    system: null,
    expires_at_ms: null,
    mls: null,
  };
}

function page(from: number, to: number, absent: readonly number[] = [], lastSeq = to): PageFrame {
  const messages: WireMessage[] = [];
  for (let seq = from; seq <= to; seq++) if (!absent.includes(seq)) messages.push(message(seq));
  return {
    request_id: 1,
    conversation_id: conversationId,
    covered_from: from,
    covered_to: to,
    covered_to_at_ms: to * 10,
    last_seq: lastSeq,
    more: to < lastSeq,
    messages,
  };
}

const fresh = (maxBuffered = 8) => new Timeline({ conversationId, seq: 0, atMs: 0 }, maxBuffered);
const seqs = (messages: readonly WireMessage[]) => messages.map((one) => one.seq);

describe('Timeline', () => {
  it('applies what follows the cursor at once', () => {
    const timeline = fresh();
    expect(seqs(timeline.live(message(1)).apply)).toEqual([1]);
    expect(timeline.cursor).toEqual({ conversationId, seq: 1, atMs: 10 });
    expect(timeline.behind).toBe(false);
  });

  it('rule 13: a live message above the cursor waits and shows the gap', () => {
    const timeline = fresh();
    expect(timeline.live(message(3)).apply).toEqual([]);
    expect(timeline.behind).toBe(true);
    expect(timeline.cursor.seq).toBe(0);
    expect(seqs(timeline.page(page(1, 2, [], 3)).apply)).toEqual([1, 2, 3]);
    expect(timeline.behind).toBe(false);
  });

  it('rule 13: what overflows the buffer is dropped and known to be missing', () => {
    const timeline = fresh(2);
    for (const seq of [3, 4, 5]) timeline.live(message(seq));
    expect(seqs(timeline.page(page(1, 2, [], 2)).apply)).toEqual([1, 2, 3, 4]);
    expect(timeline.behind).toBe(true);
    expect(seqs(timeline.page(page(5, 5)).apply)).toEqual([5]);
  });

  it('rule 13: the cursor moves over a seq that is absent inside a covered range', () => {
    const timeline = fresh();
    expect(seqs(timeline.page(page(1, 5, [2, 5])).apply)).toEqual([1, 3, 4]);
    expect(timeline.cursor.seq).toBe(5);
  });

  it('does not move over a page that begins above the cursor', () => {
    const timeline = fresh();
    expect(timeline.page(page(3, 5)).apply).toEqual([]);
    expect(timeline.cursor.seq).toBe(0);
  });

  it('applies every message exactly once and in order, however live frames and pages mix', () => {
    const step = fc.oneof(
      fc.integer({ min: 1, max: 40 }).map((seq) => ({ live: seq })),
      fc
        .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 15 }))
        .map(([back, length]) => ({ back, length })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 0, max: 6 }), (steps, maxBuffered) => {
        const timeline = fresh(maxBuffered);
        const applied: number[] = [];
        for (const one of steps) {
          if ('live' in one) applied.push(...seqs(timeline.live(message(one.live)).apply));
          else {
            const from = Math.max(1, timeline.cursor.seq + 1 - one.back);
            applied.push(...seqs(timeline.page(page(from, from + one.length - 1, [], 40)).apply));
          }
        }
        expect(applied).toEqual(Array.from({ length: timeline.cursor.seq }, (_, index) => index + 1));
      }),
    );
  });
});
