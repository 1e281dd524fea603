/** Each check finds the violation it is for in a small forged history, and nothing in a good one. */
import { describe, expect, it } from 'vitest';
import { checks, countOf, examine } from './all.ts';
import type { History, RecordedDevice, RecordedMessage, RecordedSend } from './history.ts';

const conversation = 'talk';

const message = (seq: number): RecordedMessage => ({ seq, messageId: `id-${seq}`, content: `text ${seq}` });

const sent = (seq: number, changes: Partial<RecordedSend> = {}): RecordedSend => ({
  conversationId: conversation,
  senderId: 'alice',
  senderDeviceId: 'alice-phone',
  content: `text ${seq}`,
  isAppended: true,
  verdict: { kind: 'accepted', messageId: `id-${seq}`, seq },
  ...changes,
});

const device = (
  deviceId: string,
  messages: readonly RecordedMessage[],
  changes: Partial<RecordedDevice> = {},
): RecordedDevice => ({
  userId: deviceId.split('-')[0]!,
  deviceId,
  conversationIds: [conversation],
  isOnline: true,
  wasOnline: true,
  received: new Map([[conversation, messages]]),
  ...changes,
});

const one = message(1);
const two = message(2);
const three = message(3);

const good: History = {
  sends: [sent(1), sent(2), sent(3, { senderId: 'bob', senderDeviceId: 'bob-phone' })],
  devices: [device('alice-phone', [one, two, three]), device('bob-phone', [one, two, three])],
  pushes: [],
};

const withDevice = (bad: RecordedDevice): History => ({ ...good, devices: [good.devices[0]!, bad] });

const found = (history: History): string[] => examine(history).map(({ check }) => check.name);

describe('the checks', () => {
  it('find nothing in a good history', () => {
    expect(examine(good)).toEqual([]);
    expect(Object.values(countOf([]))).toEqual(checks.map(() => 0));
  });

  it('say what a failure means, each in one sentence', () => {
    for (const { means } of checks) expect(means).toMatch(/^[A-Z][^.]*\.$/);
  });

  it('count every violation under the name of its check', () => {
    expect(countOf(examine(withDevice(device('bob-phone', [])))).lost).toBe(3);
  });
});

describe('lost', () => {
  it('finds a message that an online device lacks, at the end, in the middle, or as a whole conversation', () => {
    expect(found(withDevice(device('bob-phone', [one, two])))).toEqual(['lost']);
    expect(found(withDevice(device('bob-phone', [one, three])))).toContain('lost');
    expect(found(withDevice(device('bob-phone', [], { received: new Map() })))).toContain('lost');
  });

  it('asks nothing of a device that is away', () => {
    const away = device('bob-phone', [one, two], { isOnline: false });
    expect(found({ ...good, sends: good.sends.slice(0, 2), devices: [away] })).toEqual([]);
  });

  it('asks nothing for a message that was refused', () => {
    const refusal = sent(4, { verdict: { kind: 'refused', code: 'blocked' } });
    expect(found({ ...good, sends: [...good.sends, refusal] })).toEqual(['refused']);
  });
});

describe('duplicated', () => {
  it('finds the same message handed over twice', () => {
    expect(found(withDevice(device('bob-phone', [one, two, two, three])))).toContain('duplicated');
  });

  it('finds the same content under a second id', () => {
    const again = { ...one, seq: 4, messageId: 'another' };
    expect(found(withDevice(device('bob-phone', [one, two, three, again])))).toEqual(['duplicated']);
  });
});

describe('out_of_order', () => {
  it('finds a later message before an earlier one', () => {
    expect(found(withDevice(device('bob-phone', [one, three, two])))).toEqual(['out_of_order']);
  });

  it('finds a gap', () => {
    expect(found(withDevice(device('bob-phone', [one, three])))).toContain('out_of_order');
  });
});

describe('diverged', () => {
  it('finds two messages at one seq', () => {
    const other = { ...two, messageId: 'other' };
    expect(found(withDevice(device('bob-phone', [one, other, three])))).toEqual(['diverged']);
  });

  it('finds a verdict that names another seq than the one at which devices have the message', () => {
    const wrong = sent(2, { verdict: { kind: 'accepted', messageId: 'id-2', seq: 3 } });
    expect(found({ ...good, sends: [good.sends[0]!, wrong, good.sends[2]!] })).toContain('diverged');
  });
});

describe('unsettled', () => {
  it('finds what the log holds without a verdict, even if its sender left', () => {
    const open = sent(4, { verdict: null, senderDeviceId: 'carol-phone' });
    expect(found({ ...good, sends: [...good.sends, open] })).toEqual(['unsettled']);
  });

  it('finds what a connected sender was never answered, and not what one that left never handed over', () => {
    const never = sent(4, { verdict: null, isAppended: false });
    expect(found({ ...good, sends: [...good.sends, never] })).toEqual(['unsettled']);
    const left = { ...never, senderDeviceId: 'carol-phone' };
    expect(found({ ...good, sends: [...good.sends, left] })).toEqual([]);
  });
});

describe('not_notified', () => {
  const push = (seq: number) => ({ deviceId: 'bob-tablet', conversationId: conversation, seq });
  const fromAlice = { ...good, sends: [sent(1), sent(2), sent(3)] };
  const tablet = (changes: Partial<RecordedDevice>): RecordedDevice =>
    device('bob-tablet', [], { isOnline: false, ...changes });
  const away = tablet({ wasOnline: false });
  const left = tablet({ received: new Map([[conversation, [one]]]) });

  it('asks for a push of each message to a device that never was connected', () => {
    expect(found({ ...fromAlice, devices: [away], pushes: [push(1), push(2), push(3)] })).toEqual([]);
    expect(found({ ...fromAlice, devices: [away], pushes: [push(1), push(3)] })).toEqual(['not_notified']);
  });

  it('asks for a push of the newest to one that left', () => {
    expect(found({ ...fromAlice, devices: [left], pushes: [push(3)] })).toEqual([]);
    expect(found({ ...fromAlice, devices: [left], pushes: [push(2)] })).toEqual(['not_notified']);
    expect(found({ ...fromAlice, devices: [left], pushes: [] })).toEqual(['not_notified']);
  });

  it('asks for none of what the user answered on another device', () => {
    expect(found({ ...good, devices: [left], pushes: [] })).toEqual([]);
  });

  it('does not take the push of another device, or of another conversation, for one', () => {
    const elsewhere = [
      { ...push(3), deviceId: 'bob-phone' },
      { ...push(3), conversationId: 'other' },
    ];
    expect(found({ ...fromAlice, devices: [left], pushes: elsewhere })).toEqual(['not_notified']);
  });
});
