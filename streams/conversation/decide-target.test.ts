import type { MessageType } from '@parley/schemas/generated/events';
import { describe, expect, it } from 'vitest';
import { currentRules } from './rules.ts';
import {
  added,
  alice,
  bob,
  carol,
  created,
  given,
  group,
  newId,
  removed,
  sent,
  startMs,
  targetOf,
} from './story.fixture.ts';

const inGroup = (fields: Parameters<typeof sent>[0] = {}) => sent({ conversation_id: group, ...fields });
const { editWindowMs, deleteWindowMs } = currentRules;

/** Alice is the admin; Bob wrote the first message. */
function groupWithMessage(message_type: MessageType = 'text') {
  const story = given(group, created(1, alice, bob, carol));
  const target = targetOf(story.when(inGroup({ sender_id: bob, message_type })));
  return { story, target };
}

describe('edits, deletions and reactions name a target', () => {
  it.each(['edit', 'delete', 'reaction'] as const)('%s without one is refused', (message_type) => {
    const { story } = groupWithMessage();
    expect(story.when(inGroup({ message_type }))).toMatchObject({ code: 'target_missing', remembered: true });
  });

  it.each(['edit', 'delete', 'reaction'] as const)(
    '%s is accepted with a seq and without an ordinal',
    (message_type) => {
      const { story, target } = groupWithMessage();
      expect(story.when(inGroup({ sender_id: bob, message_type, target }))).toMatchObject({ seq: 2, ordinal: 1 });
    },
  );

  it.each(['edit', 'delete', 'reaction'] as const)('%s of what is no content is refused', (message_type) => {
    const { story, target } = groupWithMessage();
    for (const type of ['edit', 'delete', 'reaction', 'mls'] as const) {
      const odd = { ...target, message_type: type };
      const outcome = story.when(inGroup({ sender_id: bob, message_type, target: odd }));
      expect(outcome).toMatchObject({ code: 'target_wrong_type' });
    }
  });

  it.each(['text', 'image', 'video', 'audio', 'document'] as const)(
    '%s can be edited by its author',
    (message_type) => {
      const { story, target } = groupWithMessage(message_type);
      const edit = inGroup({ sender_id: bob, message_type: 'edit', target });
      expect(story.when(edit)).toMatchObject({ kind: 'accepted' });
    },
  );
});

describe('a target is seen only from inside the membership', () => {
  it.each(['edit', 'delete', 'reaction'] as const)('%s of a message from before joining is refused', (message_type) => {
    const story = given(group, created(1, alice, bob));
    const before = targetOf(story.when(inGroup()));
    story.when(added(2, carol));
    const after = targetOf(story.when(inGroup()));
    const react = (target: typeof before) => story.when(inGroup({ sender_id: carol, message_type, target }));
    expect(react(before)).toMatchObject({ code: 'target_not_visible' });
    expect(react(after)).not.toMatchObject({ code: 'target_not_visible' });
  });

  it('a rejoined member does not see what was said while away', () => {
    const story = given(group, created(1, alice, bob));
    story.when(removed(2, bob));
    const away = targetOf(story.when(inGroup()));
    story.when(added(3, bob));
    const reaction = inGroup({ sender_id: bob, message_type: 'reaction', target: away });
    expect(story.when(reaction)).toMatchObject({ code: 'target_not_visible' });
  });

  it.each([0, -5, 2, 1_000_000])('a target with seq %i is not there', (seq) => {
    const { story, target } = groupWithMessage();
    const reaction = inGroup({ message_type: 'reaction', target: { ...target, seq } });
    expect(story.when(reaction)).toMatchObject({ code: 'target_not_visible' });
  });
});

describe('edit', () => {
  it('is for the author alone, an admin included', () => {
    const { story, target } = groupWithMessage();
    expect(story.when(inGroup({ message_type: 'edit', target }))).toMatchObject({ code: 'target_not_yours' });
  });

  it('is possible until the edit window has passed', () => {
    const { story, target } = groupWithMessage();
    const edit = (at: number) => story.when(inGroup({ at, sender_id: bob, message_type: 'edit', target }));
    expect(edit(startMs + editWindowMs)).toMatchObject({ kind: 'accepted' });
    expect(edit(startMs + editWindowMs + 1)).toMatchObject({ code: 'target_too_old' });
  });
});

describe('delete for everyone', () => {
  it('is for the author until the window has passed', () => {
    const { story, target } = groupWithMessage();
    const erase = (at: number, sender_id: string) =>
      story.when(inGroup({ at, sender_id, message_type: 'delete', target }));
    expect(erase(startMs, carol)).toMatchObject({ code: 'target_not_yours' });
    expect(erase(startMs + deleteWindowMs, bob)).toMatchObject({ kind: 'accepted' });
    expect(erase(startMs + deleteWindowMs + 1, bob)).toMatchObject({ code: 'target_too_old' });
    expect(erase(startMs + 2 * deleteWindowMs, alice)).toMatchObject({ kind: 'accepted' });
  });
});

describe('reply', () => {
  it('must name what its sender sees, as far as the gateway found it', () => {
    const { story, target } = groupWithMessage();
    const reply = (fields: Parameters<typeof sent>[0]) => story.when(inGroup(fields));
    expect(reply({ reply_to: target.message_id, target })).toMatchObject({ kind: 'accepted', ordinal: 2 });
    expect(reply({ reply_to: newId(startMs) })).toMatchObject({ kind: 'accepted' });
    expect(reply({ reply_to: newId(startMs), target })).toMatchObject({ code: 'target_missing' });
    const unseen = { ...target, seq: 99 };
    expect(reply({ reply_to: target.message_id, target: unseen })).toMatchObject({ code: 'target_not_visible' });
  });

  it('cannot be the first message of a 1:1 conversation', () => {
    const { target } = groupWithMessage();
    const first = sent({ reply_to: target.message_id, target });
    expect(given(first.event.conversation_id).when(first)).toMatchObject({ code: 'target_not_visible' });
  });
});
