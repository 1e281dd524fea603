import type { MessageSent } from '@parley/schemas/generated/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome, ReceivedEvent } from './outcome.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import {
  again,
  alice,
  blockChanged,
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

const fromBob = (fields: Partial<MessageSent> & { at?: number } = {}) => sent({ sender_id: bob, ...fields });
const codeOf = (outcome: Outcome) => (outcome.kind === 'refused' ? outcome.code : outcome.kind);

describe('rule 6: a block', () => {
  it('rule 6: takes no seq and tells nobody, and what the blocked sends from then on gets no seq either', () => {
    const story = given(direct, sent());
    expect(story.when(blockChanged(1, true))).toMatchObject({ kind: 'directory_changed', system: null, changes: [] });
    expect(story.state).toMatchObject({ lastSeq: 1, directoryVersion: 1, blockers: new Set([alice]) });
    expect(story.when(fromBob())).toMatchObject({ kind: 'withheld', seq: 0, ordinal: 0, opensBucket: true });
    expect(story.when(fromBob())).toMatchObject({ kind: 'withheld', opensBucket: false });
    expect(story.state).toMatchObject({ lastSeq: 1, lastOrdinal: 1 });
    expect(story.state.buckets).toEqual(given(direct, sent()).state.buckets);
    expect(story.state.withheld.get(bob)).toMatchObject([{ rows: 2 }]);
  });

  it('rule 6: an unblock brings nothing back; what comes after it is accepted', () => {
    const story = given(direct, sent(), blockChanged(1, true), fromBob(), blockChanged(2, false));
    expect(story.when(fromBob())).toMatchObject({ kind: 'accepted', seq: 2, ordinal: 2 });
    expect(story.state.withheld.get(bob)).toMatchObject([{ rows: 1 }]);
  });

  it('rule 1: a retry of what was withheld gets the same verdict, also after the unblock', () => {
    const first = fromBob();
    const story = given(direct, sent(), blockChanged(1, true), first);
    expect(story.when(again(first, startMs + 5))).toMatchObject({ kind: 'duplicate', seq: 0, firstAtMs: startMs });
    story.when(blockChanged(2, false));
    expect(story.when(again(first, startMs + 9))).toMatchObject({ kind: 'duplicate', seq: 0, firstAtMs: startMs });
    expect(codeOf(story.when(again(first, startMs + 9, { encrypted_body: Buffer.from('other') })))).toBe('conflict');
  });

  it('refuses what the blocker sends to whom they have blocked, with a code', () => {
    const story = given(direct, sent(), blockChanged(1, true));
    const refused = sent();
    expect(codeOf(story.when(refused))).toBe('blocked_by_you');
    story.when(blockChanged(2, true, bob, alice));
    expect(codeOf(story.when(fromBob()))).toBe('blocked_by_you');
    story.when(blockChanged(3, false));
    expect(codeOf(story.when(again(refused, startMs + 1)))).toBe('blocked_by_you');
    expect(story.when(sent())).toMatchObject({ kind: 'withheld', seq: 0 });
    story.when(blockChanged(4, false, bob, alice));
    expect(story.when(sent())).toMatchObject({ kind: 'accepted', seq: 2 });
  });

  it('rule 5: may come before the first message, does not make the conversation, and binds its pair alone', () => {
    const story = given(direct, blockChanged(1, true));
    expect(story.when(fromBob())).toMatchObject({ kind: 'withheld' });
    expect(codeOf(story.when(sent()))).toBe('blocked_by_you');
    expect(codeOf(story.when(fromBob({ peer_id: null })))).toBe('conversation_mismatch');
    expect(story.state.members.size).toBe(0);
    expect(story.when(blockChanged(2, false, mallory, bob))).toMatchObject({ kind: 'ignored' });
    expect(story.when(blockChanged(2, false, alice, alice))).toMatchObject({ kind: 'ignored' });
    story.when(blockChanged(2, false));
    expect(story.when(fromBob())).toMatchObject({ kind: 'accepted', seq: 1, creates: true });
  });

  it('rule 20: keeps to the versions of its conversation', () => {
    const story = given(direct, sent(), blockChanged(1, true), timerChanged(2, 86_400), blockChanged(3, true));
    expect(story.state).toMatchObject({ directoryVersion: 3, lastSeq: 2, blockers: new Set([alice]) });
    expect(story.when(blockChanged(2, false))).toMatchObject({ kind: 'ignored', reason: 'already_applied' });
    expect(story.when(blockChanged(5, false))).toMatchObject({ kind: 'halted', code: 'directory_gap' });
  });

  it('refuses to the blocked what it refuses to everybody', () => {
    const story = given(direct, sent(), blockChanged(1, true));
    expect(codeOf(story.when(fromBob({ timer_seconds: 60 })))).toBe('timer_changed');
    expect(codeOf(story.when(fromBob({ message_id: newId(startMs - 60_000) })))).toBe('out_of_window');
    expect(codeOf(story.when(fromBob({ sender_id: mallory, peer_id: bob })))).toBe('not_a_member');
  });

  it('does not touch groups', () => {
    const story = given(group, numbered(created(1, alice, bob, carol)));
    const foreign = blockChanged(2, true);
    story.when({ ...foreign, event: { ...foreign.event, conversation_id: group } } as typeof foreign);
    expect(story.when(fromBob({ conversation_id: group, peer_id: null }))).toMatchObject({ kind: 'accepted' });
  });

  it('is remembered by a snapshot', () => {
    const { state } = given(direct, sent(), blockChanged(1, true), fromBob(), blockChanged(2, true, bob, alice));
    expect(decodeSnapshot(encodeSnapshot(state))).toEqual(state);
  });

  it('rule 6: whatever the interleaving of blocks and sends, a place is given only to what was sent while neither blocked', () => {
    const step = fc.oneof(
      fc.record({ who: fc.constantFrom(alice, bob), does: fc.constantFrom('block', 'unblock') }),
      fc.record({ who: fc.constantFrom(alice, bob), does: fc.constantFrom('send', 'send again') }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const story = given(direct);
        const blockers = new Set<string>();
        const last = new Map<string, ReceivedEvent & { name: 'message_sent' }>();
        const withheld = new Set<string>();
        let [version, seq] = [0, 0];
        for (const { who, does } of steps) {
          const other = who === alice ? bob : alice;
          if (does === 'block' || does === 'unblock') {
            story.when(blockChanged(++version, does === 'block', who, other));
            if (does === 'block') blockers.add(who);
            else blockers.delete(who);
            continue;
          }
          const retried = does === 'send again' ? last.get(who) : undefined;
          const message = retried ?? sent({ sender_id: who });
          last.set(who, message);
          const outcome = story.when(message);
          const id = message.event.message_id;
          if (withheld.has(id)) expect(outcome).toMatchObject({ kind: 'duplicate', seq: 0 });
          else if (retried !== undefined) expect(outcome.kind).not.toBe('accepted');
          else if (blockers.has(who)) expect(codeOf(outcome)).toBe('blocked_by_you');
          else if (blockers.has(other)) expect(withheld.add(id) && outcome.kind).toBe('withheld');
          else expect(outcome).toMatchObject({ kind: 'accepted', seq: ++seq });
        }
        expect(story.state.lastSeq).toBe(seq);
      }),
    );
  });
});
