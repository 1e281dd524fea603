import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decisionsOf, noDecisions, type RecentDecision, type RecentDecisions } from './recent-decisions.ts';
import { newId, startMs } from './story.fixture.ts';

const decisionAt = (atMs: number): RecentDecision => ({
  messageId: newId(startMs),
  atMs,
  seq: 1,
  ordinal: 1,
  refused: null,
  payloadHash: Buffer.alloc(16),
});

const idsOf = (recent: RecentDecisions) => [...recent].map((one) => one.messageId);

describe('recent decisions', () => {
  it('behave as a list that is searched, added to and pruned, however many there are', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 300 }) }) },
      { weight: 1, arbitrary: fc.record({ prune: fc.integer({ min: 0, max: 60 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let model: RecentDecision[] = [];
        let recent = noDecisions;
        let nowMs = 0;
        for (const one of steps) {
          if ('add' in one) {
            for (let i = 0; i < one.add; i++) {
              if (i % 7 === 0) nowMs++;
              const decision = decisionAt(nowMs);
              model.push(decision);
              recent = recent.add(decision);
            }
          } else {
            model = model.filter((decision) => decision.atMs >= nowMs - one.prune);
            recent = recent.prune(nowMs - one.prune);
          }
          expect(recent.size).toBe(model.length);
          expect(idsOf(recent).join()).toBe(model.map((one) => one.messageId).join());
        }
        expect(model.every((decision) => recent.find(decision.messageId)?.atMs === decision.atMs)).toBe(true);
        expect([...recent].slice(0, 20)).toEqual(model.slice(0, 20));
        expect(recent.find(newId(startMs))).toBeUndefined();
        expect(Buffer.concat(recent.encoded())).toEqual(Buffer.concat(decisionsOf(model).encoded()));
      }),
      { numRuns: 30 },
    );
  });

  it('never change: adding twice to one value gives two values that know nothing of each other', () => {
    for (const size of [0, 1, 255, 256, 257, 600]) {
      const base = decisionsOf(Array.from({ length: size }, (_, at) => decisionAt(at)));
      const before = idsOf(base);
      const [left, right, other] = [decisionAt(1_000), decisionAt(1_000), decisionAt(1_001)];
      const one = base.add(left).add(other);
      const two = base.add(right);
      expect(idsOf(base)).toEqual(before);
      expect(idsOf(one)).toEqual([...before, left.messageId, other.messageId]);
      expect(idsOf(two)).toEqual([...before, right.messageId]);
      expect(base.find(left.messageId)).toBeUndefined();
      expect(one.find(right.messageId)).toBeUndefined();
      expect(two.find(left.messageId)).toBeUndefined();
    }
  });

  it('forget what was pruned, entry by entry', () => {
    const decisions = Array.from({ length: 500 }, (_, at) => decisionAt(at));
    const whole = decisionsOf(decisions);
    for (const cut of [0, 1, 100, 255, 256, 257, 499, 500]) {
      const kept = whole.prune(cut);
      expect(kept.size).toBe(500 - cut);
      if (cut > 0) expect(kept.find(decisions[cut - 1]!.messageId)).toBeUndefined();
      if (cut < 500) expect(kept.find(decisions[cut]!.messageId)).toEqual(decisions[cut]);
    }
    expect(whole.size).toBe(500);
  });

  it('hold an id twice if it was decided twice, and find the later decision', () => {
    const first = decisionAt(1);
    const second = { ...first, atMs: 2 };
    const recent = noDecisions.add(first).add(second);
    expect(recent.find(first.messageId)).toEqual(second);
    expect(recent.size).toBe(2);
  });
});
