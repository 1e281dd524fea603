/** Each inspection finds the violation that it is for, and nothing in a history without it. */
import { describe, expect, it } from 'vitest';
import { checks, examine, inspections } from './all.ts';
import type { History, RecordedDevice } from './history.ts';

const talk = 'talk';
const nothing: History = { sends: [], devices: [], pushes: [] };

/** Bob's phone, which was in the talk for its first two messages and is again from the fifth on. */
const phone: RecordedDevice = {
  userId: 'bob',
  deviceId: 'phone',
  conversationIds: [talk],
  isOnline: true,
  wasOnline: true,
  received: new Map(),
  intervals: new Map([
    [
      talk,
      [
        { joinedSeq: 1, leftSeq: 3 },
        { joinedSeq: 5, leftSeq: null },
      ],
    ],
  ]),
};

const received = (...messages: readonly { seq: number; content?: string; atMs?: number }[]): RecordedDevice => ({
  ...phone,
  received: new Map([
    [
      talk,
      messages.map(({ seq, content = `text ${seq}`, ...rest }) => ({ seq, messageId: `id-${seq}`, content, ...rest })),
    ],
  ]),
});

const found = (history: Partial<History>): string[] =>
  examine({ ...nothing, ...history }, [...checks, ...inspections]).map(({ check }) => check.name);

describe('the inspections', () => {
  it('find nothing where nothing is', () => {
    expect(found({})).toEqual([]);
  });

  it('say what a failure means, each in one sentence', () => {
    for (const { means } of inspections) expect(means).toMatch(/^[A-Z][^.]*\.$/);
  });
});

describe('membership', () => {
  const about = { deviceId: 'phone', conversationId: talk };

  it('what came while the user was out is leaked by a frame, a page or a push, whatever came after', () => {
    for (const by of ['frame', 'page', 'push'] as const) {
      expect(found({ devices: [phone], sights: [{ ...about, seq: 3, by }] })).toEqual(['leaked']);
      expect(found({ devices: [phone], sights: [1, 2, 5, 6].map((seq) => ({ ...about, seq, by })) })).toEqual([]);
    }
    expect(found({ devices: [phone], pushes: [{ ...about, seq: 4 }] })).toEqual(['leaked']);
  });

  it('is no gap for whoever was out, and nothing that such a device could lack', () => {
    expect(found({ devices: [received({ seq: 1 }, { seq: 2 }, { seq: 5 })] })).toEqual([]);
    expect(found({ devices: [received({ seq: 1 }, { seq: 5 })] })).toEqual(['out_of_order']);
    const sent = (seq: number) => ({
      ...{ conversationId: talk, senderId: 'ann', senderDeviceId: 'web', content: `text ${seq}`, isAppended: true },
      verdict: { kind: 'accepted' as const, messageId: `id-${seq}`, seq },
    });
    const device = received({ seq: 1 }, { seq: 2 }, { seq: 5 });
    expect(found({ devices: [device], sends: [1, 2, 3, 4, 5].map(sent) })).toEqual([]);
    expect(found({ devices: [device], sends: [sent(6)] })).toEqual(['lost', 'not_notified']);
  });
});

describe('receipts', () => {
  const about = { deviceId: 'phone', conversationId: talk };

  it('overclaim what the device lacked', () => {
    const claim = { ...about, kind: 'delivered' as const, seq: 2 };
    expect(found({ claims: [{ ...claim, lacked: [2] }] })).toEqual(['overclaimed']);
    expect(found({ claims: [{ ...claim, lacked: [], isBaseless: true }] })).toEqual(['overclaimed']);
    expect(found({ claims: [{ ...claim, lacked: [] }] })).toEqual([]);
  });

  it('are missing for what the device has, or go back', () => {
    expect(found({ watermarks: [{ ...about, has: 5, known: 4 }] })).toEqual(['unticked']);
    expect(found({ watermarks: [{ ...about, has: 5, known: 6 }] })).toEqual([]);
    const status = { deviceId: 'phone', messageId: 'id-1' };
    expect(found({ statuses: [{ ...status, steps: ['sent', 'read', 'delivered'] }] })).toEqual(['unticked']);
    expect(found({ statuses: [{ ...status, steps: ['sent', 'delivered', 'delivered', 'read'] }] })).toEqual([]);
    expect(found({ statuses: [{ ...status, steps: ['sent'] }] })).toEqual([]);
    expect(found({ statuses: [{ ...status, steps: ['sent'], isDelivered: true }] })).toEqual(['unticked']);
  });
});

describe('what is stored', () => {
  const about = { userId: 'bob', conversationId: talk };

  it('is counted as a recount counts it', () => {
    expect(found({ unread: [{ ...about, shown: 3, recounted: 2 }] })).toEqual(['miscounted']);
    expect(found({ unread: [{ ...about, shown: 2, recounted: 2 }] })).toEqual([]);
  });

  it('is read as the log has it: nothing missing, double, or in another order', () => {
    const [one, two] = [1, 2].map((seq) => ({ seq, messageId: `id-${seq}`, content: '' })) as [never, never];
    const reading = { ...about, by: 'fetch' as const, expected: [one, two] };
    for (const given of [[one], [one, one, two], [two, one]]) {
      expect(found({ readings: [{ ...reading, given }] })).toEqual(['reread_differs']);
    }
    expect(found({ readings: [{ ...reading, given: [one, two] }] })).toEqual([]);
  });

  it('is the same when it is derived again, and there before its offset is committed', () => {
    expect(found({ rebuilds: [{ table: 'inbox', different: ['a cell'] }] })).toEqual(['rebuild_differs']);
    expect(found({ rebuilds: [{ table: 'inbox', different: [] }] })).toEqual([]);
    expect(found({ unpersisted: ['messages/0@7'] })).toEqual(['committed_early']);
  });
});

describe('invariants', () => {
  it('each have a check, and each check is of an invariant or of presence', () => {
    const all = [...checks, ...inspections];
    const held = new Set(all.flatMap(({ invariants }) => invariants));
    expect([...held].sort((one, other) => one - other)).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
    expect(all.filter(({ invariants }) => invariants.length === 0).map(({ name }) => name)).toEqual([
      'presence_differs',
      'shown_to_outsiders',
    ]);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe('what must not be known', () => {
  const secrets = ['body:'];
  const utter = (text: string) => found({ secrets, utterances: [{ where: 'a log line', text }] });

  it('a body in a log line or a metric, however it is written', () => {
    for (const text of ['x body:1', JSON.stringify(Buffer.from('body:1')), Buffer.from('body:1').toString('hex')]) {
      expect(utter(text)).toEqual(['disclosed']);
    }
    expect(utter('a body of 5 bytes')).toEqual([]);
  });

  it('a push that says more than its sender chose', () => {
    const push = { deviceId: 'phone', conversationId: talk, seq: 1 };
    expect(found({ devices: [phone], pushes: [{ ...push, unchosenText: 'a secret' }] })).toEqual(['disclosed']);
    expect(found({ devices: [phone], pushes: [push] })).toEqual([]);
  });

  it('whatever comes to a device after it was revoked', () => {
    const sight = { deviceId: 'phone', conversationId: talk, seq: 1, by: 'frame' as const };
    expect(found({ revoked: [sight] })).toEqual(['leaked']);
  });
});

describe('the rest', () => {
  it('an outcome that is not what the rules say, and a group whose members are not those of the directory', () => {
    expect(found({ misjudgements: ['accepted twice'] })).toEqual(['misjudged']);
    const group = { conversationId: talk, appointed: ['ann', 'bob'] };
    expect(found({ groups: [{ ...group, actual: ['bob'] }] })).toEqual(['members_differ']);
    expect(found({ groups: [{ ...group, actual: ['bob', 'ann'] }] })).toEqual([]);
  });

  it('what grows beyond its bound, and what is left when all have gone', () => {
    expect(found({ sizes: [{ what: 'ids', size: 3, atMost: 2 }] })).toEqual(['unbounded']);
    expect(found({ sizes: [{ what: 'ids', size: 2, atMost: 2 }] })).toEqual([]);
    expect(found({ leftovers: ['a timer'] })).toEqual(['unbounded']);
  });

  it('dead letters that do not hold the record, or are not counted', () => {
    expect(found({ poison: [{ place: 'messages/0@7', isBuried: true, isWhole: false }] })).toEqual(['unburied']);
    expect(found({ letters: { kept: 2, counted: 1, isExact: true } })).toEqual(['unburied']);
    expect(found({ letters: { kept: 2, counted: 1, isExact: false } })).toEqual([]);
    expect(found({ letters: { kept: 1, counted: 2, isExact: false } })).toEqual(['unburied']);
  });

  it('poison without a dead letter', () => {
    expect(found({ poison: [{ place: 'messages/0@7', isBuried: false, isWhole: false }] })).toEqual(['unburied']);
    expect(found({ poison: [{ place: 'messages/0@7', isBuried: true, isWhole: true }] })).toEqual([]);
  });

  it('somebody who is shown as what they are not', () => {
    const told = { userId: 'ann', toldTo: 'phone', actual: 'online' };
    expect(found({ presence: [{ ...told, shown: 'offline' }] })).toEqual(['presence_differs']);
    expect(found({ presence: [{ ...told, shown: 'online' }] })).toEqual([]);
    expect(found({ shownToOutsiders: ['a1 is shown that b types'] })).toEqual(['shown_to_outsiders']);
  });

  it('a mark that a device does not show', () => {
    const told = { userId: 'bob', conversationId: talk, toldTo: 'phone', actual: 'pinned' };
    expect(found({ marks: [{ ...told, shown: 'not pinned' }] })).toEqual(['marks_differ']);
    expect(found({ marks: [{ ...told, shown: 'pinned' }] })).toEqual([]);
  });

  it('nothing where a device lacks what its user deleted', () => {
    const device = { ...received({ seq: 1 }, { seq: 5 }), cleared: new Map([[talk, 2]]) };
    expect(found({ devices: [device] })).toEqual([]);
  });

  it('a message that comes late where nothing fails', () => {
    const delay = { deviceId: 'phone', conversationId: talk, seq: 1 };
    expect(found({ delays: [{ ...delay, tookMs: 20_000 }] })).toEqual(['late']);
    expect(found({ delays: [{ ...delay, tookMs: 200 }] })).toEqual([]);
  });

  it('a forgery that somebody was shown', () => {
    expect(found({ devices: [received({ seq: 1, content: '!forged' })] })).toEqual(['forged']);
  });

  it('T that falls', () => {
    expect(found({ devices: [received({ seq: 1, atMs: 2 }, { seq: 2, atMs: 1 })] })).toEqual(['out_of_order']);
    expect(found({ devices: [received({ seq: 1, atMs: 2 }, { seq: 2, atMs: 2 })] })).toEqual([]);
  });

  it("a refusal that is the system's own fault, or of a message that nothing is wrong with", () => {
    const refusal = (code: string, isFlawless = false) => ({
      ...{ conversationId: talk, senderId: 'bob', senderDeviceId: 'phone', content: 'x', isAppended: true, isFlawless },
      verdict: { kind: 'refused' as const, code },
    });
    const turnedAway = (send: ReturnType<typeof refusal>) =>
      examine({ ...nothing, sends: [send] }, inspections).map(({ check }) => check.name);
    expect(turnedAway(refusal('out_of_window'))).toEqual(['turned_away']);
    expect(turnedAway(refusal('not_a_member'))).toEqual([]);
    expect(turnedAway(refusal('not_a_member', true))).toEqual(['turned_away']);
  });

  it('what a process should never have said', () => {
    expect(found({ problems: ['thrown'] })).toEqual(['misbehaved']);
  });
});
