import { describe, expect, it } from 'vitest';
import type { Outcome } from './outcome.ts';
import { payloadHash } from './payload-hash.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import {
  again,
  alice,
  bob,
  carol,
  created,
  direct,
  given,
  group,
  mallory,
  newId,
  numbered,
  sent,
  startMs,
  timerChanged,
} from './story.fixture.ts';

const day = 86_400;
const sealed = (fill = 1): Buffer => Buffer.alloc(40, fill);
const fading = (timer_seconds = day) =>
  sent({ timer_seconds, sealed_content: sealed(), encrypted_body: Buffer.alloc(0) });
const codeOf = (outcome: Outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind);

describe('rule 23: disappearing messages', () => {
  it('rule 23: an ordered event sets the timer, and a message fixes its own expiry when it is accepted', () => {
    const story = given(direct, sent());
    expect(story.when(timerChanged(1, day))).toMatchObject({
      kind: 'directory_changed',
      timerSeconds: day,
      system: { seq: 2, ordinal: 1, change: { kind: 'timer', actor_id: alice, user_ids: [], text: '86400' } },
    });
    const accepted = story.when(fading());
    expect(accepted).toMatchObject({ kind: 'accepted', seq: 3, expiresAtMs: startMs + day * 1_000 });
    story.when(timerChanged(2, 7 * day));
    expect(story.when({ ...fading(7 * day), receivedAtMs: startMs + 5_000 })).toMatchObject({
      expiresAtMs: startMs + 5_000 + 7 * day * 1_000,
    });
    story.when(timerChanged(3, 0));
    expect(story.when(sent())).toMatchObject({ kind: 'accepted', expiresAtMs: null });
  });

  it('rule 23: refuses a message that names another timer than the one in force', () => {
    const story = given(direct, sent(), timerChanged(1, day));
    expect(codeOf(story.when(sent()))).toBe('timer_changed');
    expect(codeOf(story.when(fading(7 * day)))).toBe('timer_changed');
    expect(codeOf(story.when(fading()))).toBe('accepted');
    expect(codeOf(given(direct, sent()).when(fading()))).toBe('timer_changed');
  });

  it('rule 1: a retry gets its first verdict though the timer has changed since', () => {
    const story = given(direct, sent(), timerChanged(1, day));
    const first = fading();
    expect(codeOf(story.when(first))).toBe('accepted');
    const refused = sent();
    expect(codeOf(story.when(refused))).toBe('timer_changed');
    story.when(timerChanged(2, 0));
    expect(codeOf(story.when(again(first, startMs + 1)))).toBe('duplicate');
    expect(codeOf(story.when(again(refused, startMs + 1)))).toBe('timer_changed');
    expect(codeOf(story.when(again(first, startMs + 1, { sealed_content: sealed(2) })))).toBe('conflict');
    expect(codeOf(story.when(again(first, startMs + 1, { timer_seconds: 7 * day })))).toBe('conflict');
  });

  it('rule 23: what keeps the encryption going neither expires nor needs the timer', () => {
    const story = given(direct, sent(), timerChanged(1, day));
    expect(story.when(sent({ message_type: 'mls' }))).toMatchObject({ kind: 'accepted', expiresAtMs: null });
    expect(story.when(sent({ message_type: 'mls', timer_seconds: day }))).toMatchObject({ expiresAtMs: null });
  });

  it('rule 5: a timer may come before the first message of the pair whose conversation it is, and of no other', () => {
    const story = given(direct);
    expect(story.when(timerChanged(1, day))).toMatchObject({
      changes: [
        { change: 'joined', userId: alice, joinedSeq: 1 },
        { change: 'joined', userId: bob, joinedSeq: 1 },
      ],
      system: { seq: 1 },
    });
    expect(story.when(fading())).toMatchObject({ kind: 'accepted', seq: 2, creates: false });
    const foreign = timerChanged(2, 0);
    const event = { ...foreign.event, changed_by: mallory };
    const outcome = story.when({ ...foreign, event } as typeof foreign);
    expect(outcome).toMatchObject({ kind: 'ignored', reason: 'direct_conversation' });
    expect(story.state.timerSeconds).toBe(day);
  });

  it('rule 20: the same timer again advances the version and says nothing', () => {
    const story = given(group, numbered(created(1, alice, carol)), timerChanged(2, day, group));
    expect(story.state).toMatchObject({ lastSeq: 2, timerSeconds: day });
    expect(story.when(timerChanged(3, day, group))).toMatchObject({
      system: null,
      timerSeconds: null,
      directoryVersion: 3,
    });
    expect(story.when(timerChanged(3, 0, group))).toMatchObject({ kind: 'ignored', reason: 'already_applied' });
    expect(story.when(timerChanged(5, 0, group))).toMatchObject({ kind: 'halted', code: 'directory_gap' });
  });

  it('refuses more than may be sealed', () => {
    const story = given(direct, sent(), timerChanged(1, day));
    const large = { timer_seconds: day, sealed_content: Buffer.alloc(65_536 + 8_193), sender_id: bob };
    expect(codeOf(story.when(sent(large)))).toBe('body_too_large');
  });

  it('is remembered by a snapshot, and leaves the fingerprints of other messages as they were', () => {
    const { state } = given(direct, sent(), timerChanged(1, day));
    expect(decodeSnapshot(encodeSnapshot(state))).toEqual(state);
    const plain = sent({ message_id: newId(startMs) }).event;
    expect(payloadHash({ ...plain, timer_seconds: 0, sealed_content: null })).toEqual(payloadHash(plain));
    expect(payloadHash({ ...plain, timer_seconds: day })).not.toEqual(payloadHash(plain));
  });
});
