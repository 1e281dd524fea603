import { isMessageId, messageIdTimeMs } from '@parley/schemas/identity/message-id';
import { describe, expect, it } from 'vitest';
import type { DirectoryChanged, Outcome, ReceivedEvent, SystemMessage } from './outcome.ts';
import { currentRules } from './rules.ts';
import {
  added,
  again,
  alice,
  bob,
  carol,
  changed,
  created,
  given,
  group,
  mallory,
  numbered,
  removed,
  roleChanged,
  sent,
  startMs,
  targetOf,
} from './story.fixture.ts';

const inGroup = (sender_id: string, at = startMs) => sent({ conversation_id: group, sender_id, at });
const createdWith = (...others: string[]) => numbered(created(1, alice, ...others));
const systemOf = (outcome: Outcome): SystemMessage => (outcome as DirectoryChanged).system!;
const later = (event: ReceivedEvent, ms: number): ReceivedEvent => ({ ...event, receivedAtMs: startMs + ms });

describe('rule 20: since version 2 of the rules a directory event takes a seq and is a system message', () => {
  it('rule 20: who joins sees their joining and what follows, who leaves their leaving and nothing after it', () => {
    const story = given(group);
    expect(story.when(createdWith(bob))).toMatchObject({
      kind: 'directory_changed',
      system: { seq: 1, ordinal: 0, change: { kind: 'created', actor_id: alice, user_ids: [alice, bob] } },
      changes: [
        { change: 'joined', userId: alice, joinedSeq: 1 },
        { change: 'joined', userId: bob, joinedSeq: 1 },
      ],
    });
    expect(story.when(inGroup(alice))).toMatchObject({ seq: 2, ordinal: 1 });
    expect(story.when(numbered(added(2, carol)))).toMatchObject({
      system: { seq: 3, ordinal: 1, change: { kind: 'added', actor_id: alice, user_ids: [carol], text: null } },
      changes: [{ userId: carol, joinedSeq: 3, leftSeq: null }],
    });
    expect(story.when(numbered(removed(3, carol)))).toMatchObject({
      system: { seq: 4, ordinal: 1, change: { kind: 'removed', actor_id: alice, user_ids: [carol] } },
      changes: [{ userId: carol, joinedSeq: 3, leftSeq: 5 }],
    });
    expect(story.when(numbered(added(4, carol)))).toMatchObject({ changes: [{ joinedSeq: 5 }], system: { seq: 5 } });
    expect(story.when(inGroup(bob))).toMatchObject({ seq: 6, ordinal: 2 });
  });

  it('rule 7: events of version 1 take no seq, before and after those that do', () => {
    const story = given(group, created(1, alice, bob));
    expect(story.state).toMatchObject({ lastSeq: 0, directoryVersion: 1 });
    expect(story.when(numbered(added(2, carol)))).toMatchObject({ system: { seq: 1 }, changes: [{ joinedSeq: 1 }] });
    expect(story.when(removed(3, carol))).toMatchObject({ system: null, changes: [{ joinedSeq: 1, leftSeq: 2 }] });
    expect(story.when(inGroup(bob))).toMatchObject({ seq: 2 });
  });

  it('rule 7: an event of rules that this build does not know stops the partition', () => {
    const story = given(group, createdWith(bob));
    const before = story.state;
    const event = numbered(added(2, carol), { rules_version: currentRules.version + 1 });
    expect(story.when(event)).toMatchObject({ kind: 'halted', code: 'rules_unknown' });
    expect(story.state).toBe(before);
  });

  it.each([
    ['a present member added', numbered(added(2, bob))],
    ['an absent one removed', numbered(removed(2, mallory))],
    ['a role that is held', roleChanged(2, alice, 'admin')],
    ['the role of somebody absent', roleChanged(2, mallory, 'admin')],
    ['nothing in the group', changed(2, {})],
    ['a setting that is in force', changed(2, { who_may_send: 'everyone' })],
    ['a second creation', numbered(created(2, alice, bob))],
  ])('%s advances the version and takes no seq', (_, event) => {
    const story = given(group, createdWith(bob));
    expect(story.when(event)).toMatchObject({ kind: 'directory_changed', changes: [], system: null });
    expect(story.state).toMatchObject({ directoryVersion: 2, lastSeq: 1 });
  });

  it.each([
    [numbered(added(2, carol), { via: 'invite_link', added_by: carol }), 'joined_by_link', [carol], null],
    [numbered(removed(2, bob), { removed_by: bob }), 'left', [bob], null],
    [roleChanged(2, bob, 'admin'), 'promoted', [bob], null],
    [roleChanged(2, alice, 'member'), 'demoted', [alice], null],
    [changed(2, { title: 'Tea' }), 'renamed', [], 'Tea'],
    [changed(2, { description: '' }), 'described', [], ''],
    [changed(2, { picture_url: 'https://x' }), 'pictured', [], 'https://x'],
    [changed(2, { who_may_send: 'admins' }), 'who_may_send', [], 'admins'],
    [changed(2, { who_may_edit: 'admins' }), 'who_may_edit', [], 'admins'],
    [changed(2, { title: 'Tea', who_may_edit: 'admins' }), 'changed', [], null],
  ])('%# tells what happened', (event, kind, user_ids, text) => {
    const outcome = given(group, createdWith(bob)).when(event);
    expect(systemOf(outcome).change).toMatchObject({ kind, user_ids, text });
  });
});

describe('the id of a system message', () => {
  it('rule 20: is made of T and the version, by whoever folds the log, and lies in the bucket of T', () => {
    const [one, other] = [given(group), given(group)].map((story) => systemOf(story.when(createdWith(bob))));
    expect(one!.messageId).toBe(other!.messageId);
    expect(isMessageId(one!.messageId)).toBe(true);
    expect(messageIdTimeMs(one!.messageId)).toBe(startMs);
    const next = systemOf(given(group, createdWith(bob)).when(numbered(added(2, carol))));
    expect(next.messageId).not.toBe(one!.messageId);
  });

  it('is nobody else’s: a client that copies it gets a conflict, and one that took it before leaves the next', () => {
    const story = given(group, createdWith(bob));
    const { messageId } = systemOf(given(group, createdWith(bob)).when(numbered(added(2, carol))));
    const early = sent({ conversation_id: group, sender_id: bob, message_id: messageId });
    expect(story.when(early)).toMatchObject({ kind: 'accepted', seq: 2 });
    const system = systemOf(story.when(numbered(added(2, carol))));
    expect(system.messageId).not.toBe(messageId);
    const copied = sent({ conversation_id: group, sender_id: bob, message_id: system.messageId });
    expect(story.when(copied)).toMatchObject({ kind: 'refused', code: 'conflict' });
    expect(story.when(again(early, startMs + 1))).toMatchObject({ kind: 'duplicate', seq: 2 });
  });

  it('a client’s message of type system is refused', () => {
    const story = given(group, createdWith(bob));
    const forged = sent({ conversation_id: group, sender_id: alice, message_type: 'system' });
    expect(story.when(forged)).toMatchObject({ kind: 'refused', code: 'invalid_message_type' });
  });

  it('a system message is no target of a reaction, an edit or a deletion, and may be answered', () => {
    const story = given(group, createdWith(bob));
    const { messageId, seq } = systemOf(story.when(numbered(added(2, carol))));
    const target = { message_id: messageId, seq, sender_id: alice, message_type: 'system' as const, at_ms: startMs };
    const about = { conversation_id: group, sender_id: alice, target };
    for (const message_type of ['edit', 'delete', 'reaction'] as const) {
      expect(story.when(sent({ ...about, message_type }))).toMatchObject({ code: 'target_wrong_type' });
    }
    expect(story.when(sent({ ...about, reply_to: messageId }))).toMatchObject({ kind: 'accepted' });
  });
});

describe('rule 4: the fold decides who may send', () => {
  it('rule 4: where only admins may send, others may not, until they are admins or all may again', () => {
    const story = given(group, createdWith(bob), changed(2, { who_may_send: 'admins' }));
    expect(story.when(inGroup(bob))).toMatchObject({ kind: 'refused', code: 'admins_only', remembered: true });
    expect(story.when(inGroup(alice))).toMatchObject({ kind: 'accepted' });
    expect(story.when(inGroup(mallory))).toMatchObject({ kind: 'refused', code: 'not_a_member' });
    story.when(roleChanged(3, bob, 'admin'));
    expect(story.when(inGroup(bob))).toMatchObject({ kind: 'accepted' });
    story.when(roleChanged(4, bob, 'member'));
    expect(story.when(inGroup(bob))).toMatchObject({ code: 'admins_only' });
    story.when(changed(5, { who_may_send: 'everyone' }));
    expect(story.when(inGroup(bob))).toMatchObject({ kind: 'accepted' });
  });

  it('rule 4: a group may be born so, and a member may still react, take back and commit, but not edit', () => {
    const story = given(group, numbered(created(1, alice, bob), { who_may_send: 'admins' }));
    const of = targetOf(story.when(inGroup(alice)));
    const about = { conversation_id: group, sender_id: bob };
    expect(story.when(sent({ ...about, message_type: 'reaction', target: of }))).toMatchObject({ kind: 'accepted' });
    expect(story.when(sent({ ...about, message_type: 'mls' }))).toMatchObject({ kind: 'accepted' });
    const own = { ...of, sender_id: bob };
    expect(story.when(sent({ ...about, message_type: 'delete', target: own }))).toMatchObject({ kind: 'accepted' });
    expect(story.when(sent({ ...about, message_type: 'edit', target: own }))).toMatchObject({ code: 'admins_only' });
  });

  it('rule 1: a retry gets its first verdict, whatever the settings are by then', () => {
    const story = given(group, createdWith(bob));
    const first = inGroup(bob);
    expect(story.when(first)).toMatchObject({ kind: 'accepted', seq: 2 });
    story.when(later(changed(2, { who_may_send: 'admins' }), 5));
    expect(story.when(again(first, startMs + 10))).toMatchObject({ kind: 'duplicate', seq: 2 });
    const second = inGroup(bob, startMs + 10);
    expect(story.when(second)).toMatchObject({ code: 'admins_only' });
    story.when(later(changed(3, { who_may_send: 'everyone' }), 20));
    expect(story.when(again(second, startMs + 30))).toMatchObject({ code: 'admins_only' });
  });
});
