import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { describe, expect, it } from 'vitest';
import { currentRules, recentWindowMs } from './rules.ts';
import {
  again,
  alice,
  bob,
  created,
  direct,
  given,
  group,
  mallory,
  newId,
  removed,
  sent,
  startMs,
} from './story.fixture.ts';

const { messageIdWindowMs, maxRecentDecisions, maxBodyBytes, maxPreviewChars } = currentRules;

describe('accepting', () => {
  it('numbers accepted messages 1, 2, 3, and countable ones apart', () => {
    const story = given(direct);
    const outcomes = (['text', 'mls', 'image', 'video', 'audio', 'document'] as const).map((message_type) =>
      story.when(sent({ message_type })),
    );
    expect(outcomes).toMatchObject([
      { kind: 'accepted', seq: 1, ordinal: 1, creates: true, opensBucket: true },
      { kind: 'accepted', seq: 2, ordinal: 1, creates: false, opensBucket: false },
      { seq: 3, ordinal: 2 },
      { seq: 4, ordinal: 3 },
      { seq: 5, ordinal: 4 },
      { seq: 6, ordinal: 5 },
    ]);
  });

  it('spends no seq on a refusal', () => {
    const story = given(direct, sent());
    story.when(sent({ sender_id: mallory, peer_id: null }));
    expect(story.when(sent())).toMatchObject({ kind: 'accepted', seq: 2 });
  });
});

describe('rule 1: a known id gets its first verdict', () => {
  it('rule 1: gives the first seq again, whatever the gateway stamped this time', () => {
    const first = sent();
    const story = given(direct, first, sent());
    const retry = again(first, startMs + 90_000, { sender_device_id: bob });
    expect(story.when(retry)).toMatchObject({ kind: 'duplicate', seq: 1, ordinal: 1, firstAtMs: startMs });
    expect(story.state.lastSeq).toBe(2);
  });

  it('rule 1: refuses another payload under a known id as a conflict, and keeps the first', () => {
    const first = sent();
    const story = given(direct, first);
    const other = again(first, startMs, { encrypted_body: Buffer.from('another') });
    expect(story.when(other)).toMatchObject({ kind: 'refused', code: 'conflict', remembered: false });
    expect(story.when(first)).toMatchObject({ kind: 'duplicate', seq: 1 });
  });

  it('rule 1: does not give one member the verdict of another who copied the message', () => {
    const first = sent();
    const story = given(direct, first);
    const copied = again(first, startMs, { sender_id: bob, peer_id: alice });
    expect(story.when(copied)).toMatchObject({ kind: 'refused', code: 'conflict' });
  });

  it('rule 1: repeats a refusal that it remembers, also after its reason is gone', () => {
    const early = sent({ conversation_id: group, at: startMs });
    const story = given(group, early, created(1, alice, bob));
    expect(story.when(again(early, startMs + 1))).toMatchObject({ kind: 'refused', code: 'conversation_unknown' });
    expect(story.when(sent({ conversation_id: group }))).toMatchObject({ kind: 'accepted', seq: 1 });
  });

  it('rule 1: gives a removed member the verdict of what was accepted before', () => {
    const mine = sent({ conversation_id: group, sender_id: bob });
    const story = given(group, created(1, alice, bob), mine, removed(2, bob));
    expect(story.when(mine)).toMatchObject({ kind: 'duplicate', seq: 1 });
    expect(story.when(sent({ conversation_id: group, sender_id: bob }))).toMatchObject({ code: 'not_a_member' });
  });
});

describe('rule 2: T is the maximum of the receive times', () => {
  it('rule 2: keeps T when a receive time goes back, and judges the id by T', () => {
    const story = given(direct, sent({ at: startMs }));
    const late = story.when(sent({ at: startMs - 20_000 }));
    expect(late).toMatchObject({ kind: 'accepted', atMs: startMs });
    const tooLate = story.when(sent({ at: startMs - messageIdWindowMs - 1 }));
    expect(tooLate).toMatchObject({ kind: 'refused', code: 'out_of_window', atMs: startMs });
  });

  it('rule 2: stays exact for any timestamp that a record can carry', () => {
    const story = given(direct, sent());
    for (const receivedAtMs of [Number.MAX_SAFE_INTEGER, -1, 2 ** 62]) {
      const before = story.state;
      story.when({ ...sent(), receivedAtMs });
      expect(story.state.lastAtMs).toBeGreaterThanOrEqual(before.lastAtMs);
      expect(story.state.writeTimestampUs).toBeGreaterThan(before.writeTimestampUs);
      expect(Number.isSafeInteger(story.state.writeTimestampUs)).toBe(true);
    }
  });
});

describe('rule 3: the window of the id', () => {
  it.each([
    [-messageIdWindowMs, 'accepted'],
    [messageIdWindowMs, 'accepted'],
    [-messageIdWindowMs - 1, 'refused'],
    [messageIdWindowMs + 1, 'refused'],
  ])('rule 3: an id whose time is %i ms from T is %s', (offsetMs, kind) => {
    expect(given(direct).when(sent({ message_id: newId(startMs + offsetMs) })).kind).toBe(kind);
  });

  it('rule 3: does not remember an id outside the window', () => {
    const early = sent({ message_id: newId(startMs + messageIdWindowMs + 1_000) });
    const story = given(direct);
    expect(story.when(early)).toMatchObject({ code: 'out_of_window', remembered: false });
    expect(story.when(again(early, startMs + 2_000))).toMatchObject({ kind: 'accepted', seq: 1 });
  });

  it('rule 3: knows an id for 120 s of T and calls it out of its window afterwards, never new', () => {
    const first = sent({ message_id: newId(startMs + messageIdWindowMs) });
    const story = given(direct, first);
    expect(story.when(again(first, startMs + recentWindowMs))).toMatchObject({ kind: 'duplicate', seq: 1 });
    expect(story.when(again(first, startMs + recentWindowMs + 1))).toMatchObject({ code: 'out_of_window' });
    expect(story.state.recent.size).toBe(0);
  });

  it('rule 3: no version of the rules leaves a moment at which an id is neither remembered nor outside its window', () => {
    expect(recentWindowMs).toBeGreaterThanOrEqual(2 * messageIdWindowMs);
  });

  it.each([
    '',
    'x',
    'not a ulid but twenty-six c',
    '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '01arz3ndektsv4rrffq69g5fav',
    '\0'.repeat(26),
  ])('refuses %j as an id, and remembers nothing', (message_id) => {
    const story = given(direct);
    expect(story.when(sent({ message_id }))).toMatchObject({ code: 'invalid_message_id', remembered: false });
    expect(story.state.recent.size).toBe(0);
  });
});

describe('rule 5: a 1:1 id is that of its two users', () => {
  it('rule 5: the first message makes the conversation with both users as members', () => {
    const story = given(direct, sent());
    expect(story.state.conversationType).toBe('one_on_one');
    expect(story.state.members).toEqual(
      new Map([
        [alice, { role: 'member', joinedSeq: 1 }],
        [bob, { role: 'member', joinedSeq: 1 }],
      ]),
    );
    expect(story.when(sent({ sender_id: bob }))).toMatchObject({ kind: 'accepted', seq: 2 });
    expect(story.when(sent({ sender_id: bob, peer_id: null }))).toMatchObject({ kind: 'accepted', seq: 3 });
  });

  it.each([
    ['no peer', null],
    ['another peer', mallory],
    ['the sender as peer', alice],
    ['the peer in capitals', bob.toUpperCase()],
    ['a peer that is no id', 'bob'],
  ])('rule 5: the first message with %s proves nothing', (_, peer_id) => {
    expect(given(direct).when(sent({ peer_id }))).toMatchObject({ code: 'conversation_mismatch', remembered: true });
  });

  it('rule 5: a third party is not a member, and a member must name the other one', () => {
    const story = given(direct, sent());
    expect(story.when(sent({ sender_id: mallory, peer_id: bob }))).toMatchObject({ code: 'not_a_member' });
    expect(story.when(sent({ peer_id: mallory }))).toMatchObject({ code: 'conversation_mismatch' });
    expect(story.when(sent({ peer_id: alice }))).toMatchObject({ code: 'conversation_mismatch' });
  });

  it('rule 5: a note to self is a conversation of one member', () => {
    const conversation_id = directConversationId(alice, alice);
    const note = { conversation_id, peer_id: alice };
    const story = given(conversation_id, sent(note));
    expect([...story.state.members.keys()]).toEqual([alice]);
    expect(story.when(sent(note))).toMatchObject({ kind: 'accepted', seq: 2 });
    expect(story.when(sent({ ...note, peer_id: bob }))).toMatchObject({ code: 'conversation_mismatch' });
    expect(story.when(sent({ ...note, sender_id: bob, peer_id: alice }))).toMatchObject({ code: 'not_a_member' });
  });

  it('rule 5: a group is unknown until the directory makes it, and has no peer', () => {
    const story = given(group);
    expect(story.when(sent({ conversation_id: group }))).toMatchObject({ code: 'conversation_unknown' });
    story.when(created(1, alice, bob));
    const withPeer = sent({ conversation_id: group, peer_id: bob });
    expect(story.when(withPeer)).toMatchObject({ code: 'conversation_mismatch' });
    const foreign = sent({ conversation_id: group, sender_id: mallory });
    expect(story.when(foreign)).toMatchObject({ code: 'not_a_member' });
    expect(story.when(sent({ conversation_id: group, sender_id: bob }))).toMatchObject({ kind: 'accepted' });
  });
});

describe('rule 7: limits and rules carry a version', () => {
  it.each([currentRules.version + 1, 1_000_000])(
    'rule 7: stops at rules of version %i, which only a later build can know',
    (rules_version) => {
      expect(given(direct).when(sent({ rules_version }))).toMatchObject({ kind: 'halted', code: 'rules_unknown' });
    },
  );

  it.each([0, -1])('rule 7: refuses rules of version %i, which no build can know', (rules_version) => {
    expect(given(direct).when(sent({ rules_version }))).toMatchObject({ code: 'rules_unknown', remembered: false });
  });

  it('takes a body and a preview up to their limits, in bytes and code points', () => {
    const story = given(direct);
    const largest = sent({ encrypted_body: Buffer.alloc(maxBodyBytes), preview: '😀'.repeat(maxPreviewChars) });
    expect(story.when(largest)).toMatchObject({ kind: 'accepted' });
    const body = sent({ encrypted_body: Buffer.alloc(maxBodyBytes + 1) });
    expect(story.when(body)).toMatchObject({ code: 'body_too_large', remembered: true });
    const preview = sent({ preview: 'x'.repeat(maxPreviewChars + 1) });
    expect(story.when(preview)).toMatchObject({ code: 'preview_too_long', remembered: true });
  });

  it('is busy when the window is full, remembers nothing of it, and takes sends again once ids grow old', () => {
    const story = given(direct);
    for (let i = 0; i < maxRecentDecisions; i++) story.when(sent());
    const refused = sent({ at: startMs + 1 });
    expect(story.when(refused)).toMatchObject({ code: 'conversation_busy', remembered: false });
    const foreign = sent({ sender_id: mallory, peer_id: null });
    expect(story.when(foreign)).toMatchObject({ code: 'conversation_busy' });
    expect(story.state.recent.size).toBe(maxRecentDecisions);
    expect(story.when(sent({ at: startMs + recentWindowMs + 1 }))).toMatchObject({ kind: 'accepted' });
    expect(story.state.recent.size).toBe(1);
  });
});

describe('rule 8: write timestamps', () => {
  it('rule 8: grow with every event and follow T', () => {
    const story = given(direct);
    const stamps = [sent(), sent(), sent({ sender_id: mallory }), sent({ at: startMs + 7 })].map(
      (event) => story.when(event).writeTimestampUs,
    );
    const startUs = startMs * 1000;
    expect(stamps).toEqual([startUs, startUs + 1, startUs + 2, startUs + 7_000]);
  });
});
