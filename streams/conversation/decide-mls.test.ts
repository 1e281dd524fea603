import type { MlsHeader } from '@parley/schemas/generated/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPending, isReadable } from './mls.ts';
import type { Accepted, DirectoryChanged, Outcome, ReceivedEvent, Refused } from './outcome.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import {
  added,
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
  removed,
  type Sent,
  Story,
  sent,
  startMs,
} from './story.fixture.ts';

const groupId = Buffer.from('mls group 1');

interface About {
  readonly from?: string;
  readonly at?: number;
  readonly in?: string;
  readonly body?: string;
}

const inGroup = { conversation_id: group, message_type: 'mls', rules_version: 3 } as const;

/** A message of the key agreement, by Alice unless told otherwise. */
function mls(header: Partial<MlsHeader>, { from = alice, at = startMs, body = 'opaque', ...about }: About = {}) {
  const whole: MlsHeader = {
    ...{ kind: 'commit', group_id: groupId, generation: 0, epoch: 0, after_seq: 1, recipient_id: null },
    ...header,
  };
  const where = about.in === undefined ? inGroup : { message_type: 'mls' as const, rules_version: 3 };
  return sent({ ...where, sender_id: from, at, encrypted_body: Buffer.from(body), mls: whole });
}

const commit = (epoch: number, about: About & Partial<MlsHeader> = {}) => {
  const { from, at, body, in: conversation, ...header } = about;
  const given = { from, at, body, in: conversation };
  return mls({ epoch, ...header }, Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)));
};

function opened(version: number, fromGeneration: number): ReceivedEvent {
  const about = { conversation_id: group, directory_version: version, opened_by: alice, rules_version: 3 };
  return {
    name: 'mls_generation_opened',
    receivedAtMs: startMs,
    event: { ...about, from_generation: fromGeneration },
  };
}

/** Alice, Bob and Carol in a group whose creation is seq 1. */
const threeOfThem = () => given(group, numbered(created(1, alice, bob, carol)));
const codeOf = (outcome: Outcome): string => (outcome.kind === 'refused' ? outcome.code : outcome.kind);

describe('rule 22: of the commits for one epoch', () => {
  it('the first is accepted and begins the next epoch, the second is refused', () => {
    const story = threeOfThem();
    expect(story.when(commit(0, { from: bob }))).toMatchObject({ kind: 'accepted', seq: 2 });
    expect(story.state.mls).toEqual({ generation: 0, epoch: 1, groupId, changedSeq: 1, commitSeq: 2 });
    const second = commit(0, { from: carol });
    expect(story.when(second)).toMatchObject({ kind: 'refused', code: 'epoch_conflict', remembered: true });
    expect(story.state.lastSeq).toBe(2);
    expect(story.state.mls.epoch).toBe(1);
  });

  it('the same id gets the same verdict again, whatever was accepted since', () => {
    const story = threeOfThem();
    const [won, lost] = [commit(0, { from: bob }), commit(0, { from: carol })];
    story.when(won);
    story.when(lost);
    story.when(commit(1));
    expect(story.when(again(won, startMs + 1_000))).toMatchObject({ kind: 'duplicate', seq: 2 });
    expect(story.when(again(lost, startMs + 1_000))).toMatchObject({ kind: 'refused', code: 'epoch_conflict' });
    const otherEpoch = { mls: { ...won.event.mls!, epoch: 2 } };
    expect(story.when(again(won, startMs + 2_000, otherEpoch))).toMatchObject({ kind: 'refused', code: 'conflict' });
    expect(story.state.mls.epoch).toBe(2);
  });

  it.each([
    ['of an epoch that is over', { epoch: 1 }],
    ['of an epoch to come', { epoch: 3 }],
    ['of another generation', { epoch: 2, generation: 1 }],
    ['of another MLS group', { epoch: 2, group_id: Buffer.from('mls group 2') }],
  ])('none %s is accepted', (_, header) => {
    const story = threeOfThem();
    story.when(commit(0));
    story.when(commit(1));
    expect(codeOf(story.when(mls(header)))).toBe('epoch_conflict');
    expect(codeOf(story.when(commit(2)))).toBe('accepted');
  });

  it('only a member has one', () => {
    const story = threeOfThem();
    expect(codeOf(story.when(commit(0, { from: mallory })))).toBe('not_a_member');
    expect(story.state.mls.epoch).toBe(0);
  });

  it('members who may not speak have one all the same', () => {
    const story = threeOfThem();
    story.state = { ...story.state, whoMaySend: 'admins' };
    expect(codeOf(story.when(commit(0, { from: bob })))).toBe('accepted');
  });
});

describe('rule 22: membership in the log and in MLS cannot drift apart unseen', () => {
  it('a commit that was made without knowing of a joining or leaving is refused', () => {
    const story = threeOfThem();
    story.when(commit(0));
    story.when(numbered(removed(2, carol))); // seq 3
    expect(codeOf(story.when(commit(1, { after_seq: 2 })))).toBe('membership_stale');
    expect(codeOf(story.when(commit(1, { after_seq: 3 })))).toBe('accepted');
    story.when(numbered(added(3, carol))); // seq 5
    expect(codeOf(story.when(commit(2, { after_seq: 4 })))).toBe('membership_stale');
    expect(codeOf(story.when(commit(2, { after_seq: 5 })))).toBe('accepted');
  });

  it('the conversation is pending from the change to the next commit', () => {
    const story = threeOfThem();
    expect(isPending(story.state.mls)).toBe(false);
    story.when(commit(0));
    expect(isPending(story.state.mls)).toBe(false);
    story.when(numbered(removed(2, carol)));
    expect(isPending(story.state.mls)).toBe(true);
    story.when(sent({ conversation_id: group, sender_id: bob }));
    expect(isPending(story.state.mls)).toBe(true);
    story.when(commit(1, { after_seq: 3 }));
    expect(isPending(story.state.mls)).toBe(false);
  });

  it('a commit cannot claim to know what is not there yet', () => {
    const story = threeOfThem();
    expect(codeOf(story.when(commit(0, { after_seq: 2 })))).toBe('mls_header_invalid');
  });

  it('a change of role or title leaves commits as they are', () => {
    const story = threeOfThem();
    story.when(commit(0));
    story.when({
      name: 'member_role_changed',
      receivedAtMs: startMs,
      event: {
        ...{ conversation_id: group, directory_version: 2, user_id: bob, changed_by: alice },
        ...{ role: 'admin', rules_version: 3 },
      },
    });
    expect(codeOf(story.when(commit(1, { after_seq: 2 })))).toBe('accepted');
  });
});

describe('rule 22: a new generation', () => {
  it('is opened by an ordered event, is told to all, and begins with a new MLS group at epoch 0', () => {
    const story = threeOfThem();
    story.when(commit(0));
    const outcome = story.when(opened(2, 0)) as DirectoryChanged;
    const change = { kind: 'keys_renewed', actor_id: alice, user_ids: [], text: '1' };
    expect(outcome).toMatchObject({ kind: 'directory_changed', directoryVersion: 2, system: { seq: 3, change } });
    expect(story.state.mls).toEqual({ generation: 1, epoch: 0, groupId: null, changedSeq: 3, commitSeq: 2 });
    expect(isPending(story.state.mls)).toBe(true);
    expect(codeOf(story.when(commit(1, { after_seq: 3 })))).toBe('epoch_conflict');
    const other = Buffer.from('mls group 2');
    expect(codeOf(story.when(commit(0, { generation: 1, after_seq: 2, group_id: other })))).toBe('membership_stale');
    expect(codeOf(story.when(commit(0, { generation: 1, after_seq: 3, group_id: other })))).toBe('accepted');
    expect(story.state.mls).toMatchObject({ generation: 1, epoch: 1, groupId: other });
  });

  it('is opened once, when two admins open it from the same one', () => {
    const story = threeOfThem();
    story.when(commit(0));
    story.when(opened(2, 0));
    const seq = story.state.lastSeq;
    expect(story.when(opened(3, 0))).toMatchObject({ kind: 'directory_changed', directoryVersion: 3, system: null });
    expect(story.state).toMatchObject({ lastSeq: seq, directoryVersion: 3, mls: { generation: 1 } });
  });

  it('is nothing that a commit could open in a group, and just that in a 1:1 conversation', () => {
    const story = threeOfThem();
    story.when(commit(0));
    expect(codeOf(story.when(commit(0, { generation: 1, after_seq: 2 })))).toBe('epoch_conflict');

    const pair = new Story(sent().event.conversation_id);
    const between = { in: 'direct', after_seq: 0 };
    expect(codeOf(pair.when(commit(0, between)))).toBe('accepted');
    expect(codeOf(pair.when(commit(0, { ...between, from: bob })))).toBe('epoch_conflict');
    const next = { ...between, generation: 1, group_id: Buffer.from('next') };
    expect(codeOf(pair.when(commit(1, { ...next, from: bob })))).toBe('epoch_conflict');
    expect(codeOf(pair.when(commit(0, { ...next, from: bob })))).toBe('accepted');
    expect(codeOf(pair.when(commit(0, next)))).toBe('epoch_conflict');
    expect(codeOf(pair.when(commit(0, { ...next, generation: 3 })))).toBe('epoch_conflict');
    expect(pair.state.mls).toMatchObject({ generation: 1, epoch: 1 });
  });
});

describe('rule 22: messages around commits', () => {
  it('a proposal is for the current epoch', () => {
    const story = threeOfThem();
    expect(codeOf(story.when(mls({ kind: 'proposal' })))).toBe('epoch_conflict');
    story.when(commit(0));
    expect(codeOf(story.when(mls({ kind: 'proposal', epoch: 1 }, { from: bob })))).toBe('accepted');
    expect(codeOf(story.when(mls({ kind: 'proposal', epoch: 0 })))).toBe('epoch_conflict');
    expect(story.state.mls.epoch).toBe(1);
  });

  it('a welcome leads a member into an epoch that there is, and only the recipient reads it', () => {
    const story = threeOfThem();
    const welcome = (epoch: number, recipient: string) =>
      mls({ kind: 'welcome', epoch, after_seq: 0, recipient_id: recipient });
    expect(codeOf(story.when(welcome(1, bob)))).toBe('epoch_conflict');
    story.when(commit(0));
    expect(codeOf(story.when(welcome(0, bob)))).toBe('epoch_conflict');
    expect(codeOf(story.when(welcome(1, mallory)))).toBe('recipient_not_a_member');
    const outcome = story.when(welcome(1, bob)) as Accepted;
    expect(outcome.kind).toBe('accepted');
    const { mls: header } = outcome.sent;
    expect([alice, bob, carol].filter((userId) => isReadable(header, userId))).toEqual([bob]);
  });

  it('that an accepted commit is of no use is said of an epoch that it began', () => {
    const story = threeOfThem();
    const unusable = (epoch: number) => mls({ kind: 'unusable', epoch }, { from: carol });
    expect(codeOf(story.when(unusable(0)))).toBe('epoch_conflict');
    story.when(commit(0));
    expect(codeOf(story.when(unusable(0)))).toBe('accepted');
    expect(codeOf(story.when(unusable(1)))).toBe('epoch_conflict');
  });

  it.each<[string, Sent]>([
    ['without a header', { message_type: 'mls', mls: null }],
    ['of another type with one', { message_type: 'text', mls: commit(0).event.mls }],
    ['for a group without a name', { mls: { ...commit(0).event.mls!, group_id: Buffer.alloc(0) } }],
    ['for a group with a long name', { mls: { ...commit(0).event.mls!, group_id: Buffer.alloc(256) } }],
    ['of an epoch below zero', { mls: { ...commit(0).event.mls!, epoch: -1 } }],
    ['to somebody that is no welcome', { mls: { ...commit(0).event.mls!, recipient_id: bob } }],
    ['that is a welcome to nobody', { mls: { ...commit(0).event.mls!, kind: 'welcome' } }],
  ])('one %s is refused', (_, fields) => {
    const story = threeOfThem();
    story.when(commit(0));
    expect(codeOf(story.when(sent({ ...inGroup, ...fields })))).toBe('mls_header_invalid');
  });

  it('under the rules before, a message of that type needs no header', () => {
    const story = threeOfThem();
    const old = sent({ ...inGroup, rules_version: 2, mls: null });
    expect(codeOf(story.when(old))).toBe('accepted');
    expect(story.state.mls.epoch).toBe(0);
  });
});

it('rules 6 and 22: a commit of somebody who is blocked is withheld and begins no epoch', () => {
  const story = new Story(direct);
  story.when(commit(0, { in: 'direct', after_seq: 0 }));
  const before = story.state.mls;
  story.when(blockChanged(1, true));
  expect(codeOf(story.when(commit(1, { in: 'direct', from: bob, after_seq: 0 })))).toBe('withheld');
  expect(story.state.mls).toEqual(before);
  story.when(blockChanged(2, false));
  expect(codeOf(story.when(commit(1, { in: 'direct', from: alice, after_seq: 0 })))).toBe('accepted');
});

it('the state of MLS survives a snapshot', () => {
  const story = threeOfThem();
  story.when(commit(0));
  story.when(opened(2, 0));
  const read = decodeSnapshot(encodeSnapshot(story.state))!;
  expect(read.mls).toEqual(story.state.mls);
  story.when(commit(0, { generation: 1, after_seq: 3 }));
  expect(decodeSnapshot(encodeSnapshot(story.state))!.mls).toEqual(story.state.mls);
});

/** A device that commits whenever it likes, from what it has applied; it applies what was accepted some steps late. */
interface Committer {
  readonly userId: string;
  applied: number;
  generation: number;
  epoch: number;
}

describe('rule 22: with any interleaving of commits, retries, joinings, leavings and openings', () => {
  const step = fc.record({
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom('commit', 'commit', 'commit', 'apply', 'apply', 'retry', 'leave', 'join', 'open', 'say'),
    lag: fc.nat({ max: 3 }),
  });

  it('each epoch has one commit, made by one who knew all changes of members, and all devices agree on the chain', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const story = threeOfThem();
        const log: { seq: number; header: MlsHeader | null; isChange: boolean }[] = [
          { seq: 1, header: null, isChange: true },
        ];
        const devices: Committer[] = [alice, bob, carol].map((userId) => ({
          ...{ userId, applied: 1, generation: 0, epoch: 0 },
        }));
        const chains = new Map<string, string[]>(devices.map(({ userId }) => [userId, []]));
        const attempts: ReturnType<typeof commit>[] = [];
        const verdicts = new Map<string, string>();
        let version = 1;
        const take = (event: ReceivedEvent): Outcome => {
          const outcome = story.when(event);
          if (outcome.kind === 'accepted') {
            log.push({ seq: outcome.seq, header: outcome.sent.mls, isChange: false });
          } else if (outcome.kind === 'directory_changed' && outcome.system !== null) {
            log.push({ seq: outcome.system.seq, header: null, isChange: true });
          }
          return outcome;
        };
        const apply = (device: Committer, upTo: number): void => {
          for (const { seq, header, isChange } of log) {
            if (seq <= device.applied || seq > upTo) continue;
            device.applied = seq;
            if (isChange && story.state.mls.generation > device.generation && seq === story.state.mls.changedSeq) {
              device.generation = story.state.mls.generation;
              device.epoch = 0;
            }
            if (header?.kind !== 'commit') continue;
            chains.get(device.userId)!.push(`${header.generation}.${header.epoch}@${seq}`);
            device.generation = header.generation;
            device.epoch = header.epoch + 1;
          }
        };
        const judge = (event: ReturnType<typeof commit>, outcome: Outcome): void => {
          const verdict =
            outcome.kind === 'duplicate' || outcome.kind === 'accepted'
              ? `accepted ${outcome.seq}`
              : (outcome as Refused).code;
          const first = verdicts.get(event.event.message_id);
          if (first !== undefined) expect(verdict).toBe(first);
          verdicts.set(event.event.message_id, verdict);
        };
        for (const { who, what, lag } of steps) {
          const device = devices[who]!;
          switch (what) {
            case 'commit': {
              const made = commit(device.epoch, {
                ...{ from: device.userId, after_seq: device.applied, generation: device.generation },
                body: newId(startMs),
              });
              attempts.push(made);
              judge(made, take(made));
              break;
            }
            case 'retry': {
              const made = attempts.at(-1 - lag);
              if (made !== undefined) judge(made, take(again(made, startMs)));
              break;
            }
            case 'apply':
              apply(device, story.state.lastSeq - lag);
              break;
            case 'leave':
              take(numbered(removed(++version, carol)));
              break;
            case 'join':
              take(numbered(added(++version, carol)));
              break;
            case 'open':
              take(opened(++version, story.state.mls.generation));
              break;
            case 'say':
              take(sent({ conversation_id: group, sender_id: device.userId }));
          }
        }
        const commits = log.flatMap(({ seq, header }) => (header === null ? [] : [{ seq, header }]));
        expect(new Set(commits.map(({ header }) => `${header.generation}.${header.epoch}`)).size).toBe(commits.length);
        for (const { seq, header } of commits) {
          const unknown = log.filter((one) => one.isChange && one.seq > header.after_seq && one.seq < seq);
          expect(unknown).toEqual([]);
        }
        for (const device of devices) apply(device, story.state.lastSeq);
        const [first, ...others] = [...chains.values()];
        for (const chain of others) expect(chain).toEqual(first);
        expect(first!.length).toBe(commits.length);
      }),
    );
  });
});
