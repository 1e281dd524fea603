import { describe, expect, it } from 'vitest';
import {
  added,
  alice,
  bob,
  carol,
  created,
  direct,
  given,
  group,
  mallory,
  removed,
  sent,
  startMs,
} from './story.fixture.ts';

const inGroup = (sender_id: string) => sent({ conversation_id: group, sender_id });

describe('rule 20: directory events apply in the order of their versions', () => {
  it('rule 20: version last + 1 applies, lower ones are ignored', () => {
    const story = given(group);
    expect(story.when(created(1, alice, bob))).toMatchObject({ kind: 'directory_changed', directoryVersion: 1 });
    expect(story.when(added(2, carol))).toMatchObject({ kind: 'directory_changed', directoryVersion: 2 });
    const members = story.state.members;
    for (const old of [removed(2, carol), removed(1, bob), created(1, mallory), removed(0, bob), removed(-7, bob)]) {
      expect(story.when(old)).toMatchObject({ kind: 'ignored', reason: 'already_applied' });
    }
    expect(story.state.members).toBe(members);
  });

  it('rule 20: a higher version halts and changes nothing, not even T', () => {
    const story = given(group, created(1, alice));
    const before = story.state;
    expect(story.when({ ...added(3, bob), receivedAtMs: startMs + 5 })).toMatchObject({
      kind: 'halted',
      code: 'directory_gap',
    });
    expect(story.state).toBe(before);
    story.when(added(2, carol));
    expect(story.when(added(3, bob))).toMatchObject({ kind: 'directory_changed' });
  });

  it('rule 20: needs no window, however old the event is', () => {
    const story = given(group, created(1, alice), { ...inGroup(alice), receivedAtMs: startMs });
    const old = { ...added(2, bob), receivedAtMs: startMs - 86_400_000 };
    expect(story.when(old)).toMatchObject({ kind: 'directory_changed', atMs: startMs });
  });
});

describe('membership intervals', () => {
  it('open and close at the next seq', () => {
    const story = given(group, created(1, alice, bob), inGroup(alice), inGroup(bob));
    expect(story.when(added(2, carol))).toMatchObject({
      changes: [{ userId: carol, role: 'member', joinedSeq: 3, leftSeq: null }],
    });
    story.when(inGroup(carol));
    expect(story.when(removed(3, bob))).toMatchObject({
      changes: [{ userId: bob, role: 'member', joinedSeq: 1, leftSeq: 4 }],
    });
    expect(story.when(added(4, bob))).toMatchObject({ changes: [{ userId: bob, joinedSeq: 4, leftSeq: null }] });
    expect([...story.state.members]).toEqual([
      [alice, { role: 'admin', joinedSeq: 1 }],
      [carol, { role: 'member', joinedSeq: 3 }],
      [bob, { role: 'member', joinedSeq: 4 }],
    ]);
  });

  it('adding a present member or removing an absent one only advances the version', () => {
    const story = given(group, created(1, alice, bob));
    expect(story.when(added(2, bob))).toMatchObject({ kind: 'directory_changed', changes: [] });
    expect(story.when(removed(3, mallory))).toMatchObject({ kind: 'directory_changed', changes: [] });
    expect(story.state).toMatchObject({ directoryVersion: 3 });
    expect(story.state.members.size).toBe(2);
  });

  it('a creation that names somebody twice counts them once, by the first role', () => {
    const story = given(group);
    expect(story.when(created(1, alice, alice, bob))).toMatchObject({
      changes: [
        { userId: alice, role: 'admin' },
        { userId: bob, role: 'member' },
      ],
    });
  });
});

it('rule 5: the directory has no say in a 1:1 conversation', () => {
  const story = given(direct, sent());
  expect(story.when(added(1, mallory, direct))).toMatchObject({ kind: 'ignored', reason: 'direct_conversation' });
  expect(story.state.members.has(mallory)).toBe(false);
  expect(story.state.directoryVersion).toBe(0);
});
