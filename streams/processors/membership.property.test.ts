/** What reaches whom while a group changes, through the processor: frames and push jobs. The readers' half is in projections/history. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { membershipStory, people, seqOf, visibleSeqs } from '../conversation/membership-story.fixture.ts';
import type { ReceivedEvent } from '../conversation/outcome.ts';
import { given, group } from '../conversation/story.fixture.ts';
import { World } from './conversation-world.fixture.ts';

const deviceOf = (userId: string) => `${userId.slice(0, 24)}d0000000000d`;
const secondOf = (userId: string) => `${userId.slice(0, 24)}d0000000002d`;

function folded(events: readonly ReceivedEvent[]) {
  const story = given(group);
  return events.map((event) => ({ event, outcome: story.when(event) }));
}

describe('invariant 7: nothing later than a removal, nothing earlier than a joining', () => {
  it('rule 9: the fold’s intervals are what the order of the events says', () => {
    fc.assert(
      fc.property(membershipStory, (events) => {
        const steps = folded(events);
        const intervals = new Map(people.map((userId) => [userId, [] as Array<[number, number | null]>]));
        for (const { outcome } of steps) {
          if (outcome.kind !== 'directory_changed') continue;
          for (const { change, userId, joinedSeq, leftSeq } of outcome.changes) {
            if (change === 'joined') intervals.get(userId)!.push([joinedSeq, null]);
            else intervals.get(userId)!.at(-1)![1] = leftSeq;
          }
        }
        const seqs = steps.flatMap(({ outcome }) => seqOf(outcome) ?? []);
        for (const [userId, visible] of visibleSeqs(steps)) {
          const own = intervals.get(userId)!;
          const seen = seqs.filter((seq) => own.some(([from, to]) => from <= seq && (to === null || seq < to)));
          expect(seen).toEqual(visible);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('rule 4: messages are taken from who is in the group, and, where only admins may, from admins', () => {
    fc.assert(
      fc.property(membershipStory, (events) => {
        const roles = new Map<string, string>();
        let adminsOnly = false;
        for (const { event, outcome } of folded(events)) {
          if (event.name === 'message_sent') {
            const role = roles.get(event.event.sender_id);
            const code = role === undefined ? 'not_a_member' : adminsOnly && role !== 'admin' ? 'admins_only' : null;
            expect(outcome).toMatchObject(code === null ? { kind: 'accepted' } : { kind: 'refused', code });
            continue;
          }
          if (event.name === 'conversation_created')
            for (const one of event.event.members) roles.set(one.user_id, one.role);
          if (event.name === 'member_added' && !roles.has(event.event.user_id))
            roles.set(event.event.user_id, 'member');
          if (event.name === 'member_removed') roles.delete(event.event.user_id);
          if (event.name === 'member_role_changed' && roles.has(event.event.user_id))
            roles.set(event.event.user_id, event.event.role);
          if (event.name === 'conversation_changed') adminsOnly = event.event.who_may_send === 'admins';
        }
      }),
      { numRuns: 300 },
    );
  });

  it('by frame and by push: each device gets what its user may see, once, in order, however the log is cut into batches', async () => {
    const cuts = fc.array(fc.nat({ max: 40 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(membershipStory, cuts, async (events, at) => {
        const world = new World();
        for (const userId of people) {
          world.online.add(`${userId}/${deviceOf(userId)}`);
          const devices = [deviceOf(userId), secondOf(userId)];
          world.devicesOf.set(
            userId,
            devices.map((deviceId) => ({ deviceId, platform: 'ios' as const })),
          );
        }
        world.append(...events);
        const processor = await world.processor();
        const ends = [...new Set([...at.filter((cut) => cut > 0 && cut < events.length), events.length])];
        let from = 0;
        for (const end of ends.sort((a, b) => a - b)) {
          await processor.handle(world.batch(from, end));
          from = end;
        }
        const steps = folded(events);
        const said = new Map(
          steps.flatMap(({ outcome }) =>
            outcome.kind === 'accepted' ? [[outcome.seq, outcome.sent.sender_id] as const] : [],
          ),
        );
        for (const [userId, visible] of visibleSeqs(steps)) {
          const framed = world
            .toldTo(userId)
            .flatMap(({ name, body }) =>
              name === 'message' ? [body.message.seq] : name === 'accepted' ? [body.seq] : [],
            );
          expect(framed).toEqual(visible);
          const pushed = world.jobs.filter((job) => job.recipient_user_id === userId).map(({ seq }) => seq);
          const others = visible.filter((seq) => said.has(seq) && said.get(seq) !== userId);
          expect(pushed).toEqual(others);
        }
      }),
      { numRuns: 150 },
    );
  });
});
