/**
 * Random interleavings of what happens to a group and what is said in it, and who may see what of it, told without the fold: by
 * the order of the events alone. A member sees what is said and done while they are one, their own joining and leaving included.
 */
import type { MemberRole } from '@parley/schemas/generated/events';
import fc from 'fast-check';
import type { Outcome, ReceivedEvent } from './outcome.ts';
import {
  added,
  alice,
  bob,
  carol,
  changed,
  created,
  group,
  mallory,
  newId,
  numbered,
  removed,
  roleChanged,
  sent,
  startMs,
} from './story.fixture.ts';

export const people = [alice, bob, carol, mallory];

type Act =
  | { readonly kind: 'say'; readonly who: string }
  | { readonly kind: 'add' | 'remove' | 'leave'; readonly who: string }
  | { readonly kind: 'role'; readonly who: string; readonly role: MemberRole }
  | { readonly kind: 'settings'; readonly adminsOnly: boolean };

interface Step {
  readonly act: Act;
  /** Under version 1 of the rules: it takes no seq. */
  readonly isOld: boolean;
  /** T is so much later than the one before. */
  readonly afterMs: number;
  /** The id's time against T. */
  readonly skewMs: number;
}

const who = fc.constantFrom(...people);

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('say' as const), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), who }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'leave' as const), who }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('role' as const), who, role: fc.constantFrom('admin', 'member') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settings' as const), adminsOnly: fc.boolean() }) },
);

const afterMs = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 2, arbitrary: fc.integer({ min: 10_000, max: 130_000 }) },
  { weight: 1, arbitrary: fc.constant(12 * 86_400_000) },
);

const step: fc.Arbitrary<Step> = fc.record({
  act,
  isOld: fc.boolean(),
  afterMs,
  skewMs: fc.integer({ min: -29_000, max: 29_000 }),
});

/** In half of the stories no event is old: what a new installation has. */
export const membershipStory: fc.Arbitrary<readonly ReceivedEvent[]> = fc
  .record({ steps: fc.array(step, { maxLength: 40 }), mayBeOld: fc.boolean() })
  .map(({ steps, mayBeOld }) => eventsOf(steps, mayBeOld));

function eventsOf(steps: readonly Step[], mayBeOld: boolean): ReceivedEvent[] {
  let version = 1;
  let at = startMs;
  const events = [mayBeOld ? created(1, alice, bob) : numbered(created(1, alice, bob))];
  for (const { act: one, isOld, afterMs: ms, skewMs } of steps) {
    at += ms;
    if (one.kind === 'say') {
      const fields = { conversation_id: group, sender_id: one.who, message_id: newId(at + skewMs) };
      events.push(sent({ ...fields, at, encrypted_body: Buffer.from(`said ${events.length}`) }));
      continue;
    }
    const event = directoryEvent(one, ++version);
    events.push({ ...(isOld && mayBeOld ? event : numbered(event)), receivedAtMs: at } as ReceivedEvent);
  }
  return events;
}

function directoryEvent(one: Exclude<Act, { kind: 'say' }>, version: number): ReceivedEvent {
  switch (one.kind) {
    case 'add':
      return added(version, one.who);
    case 'remove':
      return removed(version, one.who);
    case 'leave':
      return numbered(removed(version, one.who), { removed_by: one.who, rules_version: 1 });
    case 'role':
      return roleChanged(version, one.who, one.role);
    case 'settings':
      return changed(version, { who_may_send: one.adminsOnly ? 'admins' : 'everyone' });
  }
}

export function seqOf(outcome: Outcome): number | null {
  if (outcome.kind === 'accepted') return outcome.seq;
  return outcome.kind === 'directory_changed' ? (outcome.system?.seq ?? null) : null;
}

/** By user, the seqs that they may see: from who was in the group when the event came, and not from any interval. */
export function visibleSeqs(
  steps: ReadonlyArray<{ readonly event: ReceivedEvent; readonly outcome: Outcome }>,
): ReadonlyMap<string, readonly number[]> {
  const present = new Set<string>();
  const visible = new Map(people.map((userId) => [userId, [] as number[]]));
  for (const { event, outcome } of steps) {
    const before = new Set(present);
    if (event.name === 'conversation_created') for (const { user_id } of event.event.members) present.add(user_id);
    if (event.name === 'member_added') present.add(event.event.user_id);
    if (event.name === 'member_removed') present.delete(event.event.user_id);
    const seq = seqOf(outcome);
    if (seq === null) continue;
    const isOwnLeaving = (userId: string) => event.name === 'member_removed' && event.event.user_id === userId;
    for (const userId of people) {
      if (present.has(userId) || (before.has(userId) && isOwnLeaving(userId))) visible.get(userId)!.push(seq);
    }
  }
  return visible;
}
