import { eventSchemas, type MessageSent } from '@parley/schemas/generated/events';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { lowestMessageId } from '@parley/schemas/identity/message-id';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, initialState } from './decide.ts';
import { evolve } from './evolve.ts';
import type { Outcome, ReceivedEvent } from './outcome.ts';
import { recentWindowMs } from './rules.ts';
import { arbitraryOf, type Pools } from './schema-arbitrary.fixture.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import type { ConversationState } from './state.ts';
import { alice, bob, carol, direct, group, mallory, sent, startMs } from './story.fixture.ts';

const users = [alice, bob, carol, mallory];
const conversations = [direct, group, directConversationId(alice, alice)];

/** Few ids around few times: retries, conflicts and ids outside the window come by themselves. */
const messageId = fc
  .tuple(fc.integer({ min: -3, max: 12 }), fc.integer({ min: 0, max: 5 }))
  .map(([slot, digit]) => lowestMessageId(startMs + slot * 20_000).slice(0, 25) + digit);

const pools: Pools = {
  uuid: fc.constantFrom(...users, ...conversations),
  text: fc.oneof({ weight: 4, arbitrary: messageId }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) }),
};

const receivedAtMs = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: -40_000, max: 300_000 }).map((offset) => startMs + offset) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);

const names = [
  'message_sent',
  'block_changed',
  'conversation_created',
  'conversation_changed',
  'member_added',
  'member_removed',
  'member_role_changed',
  'mls_generation_opened',
] as const;

/** Any event that decodes. */
const anyEvent: fc.Arbitrary<ReceivedEvent> = fc.oneof(
  ...names.map((name) =>
    fc.record({ name: fc.constant(name), event: arbitraryOf(eventSchemas[name], pools), receivedAtMs }),
  ),
) as fc.Arbitrary<ReceivedEvent>;

/** A send that may well be accepted. */
const plausibleSend: fc.Arbitrary<ReceivedEvent> = fc
  .record({
    sender_id: fc.constantFrom(...users),
    peer_id: fc.constantFrom(bob, alice, null, null),
    message_id: messageId,
    message_type: fc.constantFrom<MessageSent['message_type']>('text', 'image', 'reaction', 'edit', 'delete', 'mls'),
    encrypted_body: fc.constantFrom(Buffer.from('one'), Buffer.from('one'), Buffer.from('two')),
    at: fc.integer({ min: 0, max: 240_000 }).map((offset) => startMs + offset),
  })
  .map((fields) => sent({ conversation_id: direct, ...fields }));

const history = fc.array(fc.oneof(anyEvent, plausibleSend), { maxLength: 60 });

/** The events as one conversation gets them: the directory's versions mostly in their order. */
function addressed(events: readonly ReceivedEvent[], conversation_id: string): ReceivedEvent[] {
  let version = 0;
  return events.map((received): ReceivedEvent => {
    if (received.name === 'message_sent') {
      return { ...received, event: { ...received.event, conversation_id } };
    }
    const jumps = received.event.directory_version % 5 === 0;
    const directory_version = jumps ? received.event.directory_version : ++version;
    return { ...received, event: { ...received.event, conversation_id, directory_version } } as ReceivedEvent;
  });
}

const story = fc.record({ events: history, conversationId: fc.constantFrom(...conversations) }).map((one) => ({
  conversationId: one.conversationId,
  events: addressed(one.events, one.conversationId),
}));

interface Step {
  readonly before: ConversationState;
  readonly outcome: Outcome;
  readonly after: ConversationState;
}

function fold(conversationId: string, events: readonly ReceivedEvent[], between = (state: ConversationState) => state) {
  const steps: Step[] = [];
  let before = initialState(conversationId);
  for (const event of events) {
    const outcome = decide(before, event);
    const after = between(evolve(before, outcome));
    steps.push({ before, outcome, after });
    before = after;
  }
  return { steps, state: before };
}

const bytesOf = (state: ConversationState) => encodeSnapshot(state).toString('hex');

describe('the fold', () => {
  it('rule 7: is total: any event that decodes gets an outcome, in any state', () => {
    fc.assert(fc.property(story, ({ conversationId, events }) => fold(conversationId, events).steps.length >= 0));
    fc.assert(fc.property(anyEvent, (event) => decide(initialState(event.event.conversation_id), event) !== undefined));
  });

  it('gives seqs without gaps, each once, and ordinals that never fall', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        let seq = 0;
        let ordinal = 0;
        for (const { outcome, after } of fold(conversationId, events).steps) {
          if (outcome.kind === 'accepted') {
            expect(outcome.seq).toBe(++seq);
            expect(outcome.ordinal - ordinal).toBeGreaterThanOrEqual(0);
            expect(outcome.ordinal - ordinal).toBeLessThanOrEqual(1);
            ordinal = outcome.ordinal;
          }
          if (outcome.kind === 'directory_changed' && outcome.system !== null) {
            expect(outcome.system).toMatchObject({ seq: ++seq, ordinal });
          }
          expect(after.lastSeq).toBe(seq);
        }
      }),
    );
  });

  it('gives the same bytes for the same events, from scratch or through snapshots at any point', () => {
    const cuts = fc.infiniteStream(fc.boolean());
    fc.assert(
      fc.property(story, cuts, ({ conversationId, events }, cut) => {
        const straight = fold(conversationId, events);
        const saved = fold(conversationId, events, (state) =>
          cut.next().value ? decodeSnapshot(encodeSnapshot(state))! : state,
        );
        expect(bytesOf(saved.state)).toBe(bytesOf(straight.state));
        expect(saved.steps.map((step) => step.outcome)).toEqual(straight.steps.map((step) => step.outcome));
      }),
    );
  });

  it('gives the same bytes whatever other conversations do in between', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat({ max: 2 })), (events, order) => {
        const queues = conversations.map((id) => addressed(events, id));
        const states = conversations.map(initialState);
        for (let open = events.length * queues.length; open > 0; open--) {
          let at = order.next().value;
          while (queues[at]!.length === 0) at = (at + 1) % queues.length;
          states[at] = evolve(states[at]!, decide(states[at]!, queues[at]!.shift()!));
        }
        const apart = conversations.map((id) => bytesOf(fold(id, addressed(events, id)).state));
        expect(states.map(bytesOf)).toEqual(apart);
      }),
    );
  });

  it('rule 1: gives one verdict to an id for as long as it is remembered', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        const first = new Map<string, { seq: number; hash: string; atMs: number }>();
        for (const { outcome } of fold(conversationId, events).steps) {
          if (outcome.kind !== 'accepted' && outcome.kind !== 'withheld' && outcome.kind !== 'duplicate') continue;
          const known = first.get(outcome.sent.message_id);
          if (outcome.kind !== 'duplicate') {
            expect(known).toBeUndefined();
            const hash = outcome.payloadHash.toString('hex');
            first.set(outcome.sent.message_id, { seq: outcome.seq, hash, atMs: outcome.atMs });
          } else {
            expect(known).toMatchObject({ seq: outcome.seq, atMs: outcome.firstAtMs });
            expect(outcome.atMs - known!.atMs).toBeLessThanOrEqual(recentWindowMs);
          }
        }
      }),
    );
  });

  it('rule 2: T never falls, and rule 8: write timestamps strictly grow and never lie before T', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        for (const { before, outcome, after } of fold(conversationId, events).steps) {
          if (outcome.kind === 'halted') {
            expect(after).toBe(before);
            continue;
          }
          expect(after.lastAtMs).toBeGreaterThanOrEqual(before.lastAtMs);
          expect(after.writeTimestampUs).toBeGreaterThan(before.writeTimestampUs);
          expect(after.writeTimestampUs).toBeGreaterThanOrEqual(after.lastAtMs * 1000);
          expect(Number.isSafeInteger(after.writeTimestampUs)).toBe(true);
        }
      }),
    );
  });

  it('rule 3: remembers no id for longer than its window', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        for (const { after } of fold(conversationId, events).steps) {
          for (const { atMs } of after.recent) expect(atMs).toBeGreaterThanOrEqual(after.lastAtMs - recentWindowMs);
        }
      }),
    );
  });

  it('rule 5: takes messages from members alone; a 1:1 conversation has its two users for ever', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        for (const { outcome, after } of fold(conversationId, events).steps) {
          if (outcome.kind === 'accepted') expect(after.members.has(outcome.sent.sender_id)).toBe(true);
          if (after.conversationType !== 'one_on_one' || after.lastSeq === 0) continue;
          const members = [...after.members.keys()];
          expect(directConversationId(members[0]!, members.at(-1)!)).toBe(conversationId);
          expect(members.length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('is pure: the same state and event give the same again, and neither is changed', () => {
    fc.assert(
      fc.property(story, ({ conversationId, events }) => {
        for (const [index, { before, outcome, after }] of fold(conversationId, events).steps.entries()) {
          // By now the state has had successors: what they share with it must not show.
          expect(decide(before, events[index]!)).toEqual(outcome);
          expect(bytesOf(evolve(before, outcome))).toBe(bytesOf(after));
        }
      }),
    );
  });
});
