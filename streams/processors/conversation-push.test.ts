import type { PushJob } from '@parley/schemas/generated/events';
import { describe, expect, it } from 'vitest';
import type { Accepted } from '../conversation/outcome.ts';
import { deviceKey } from '../delivery/router.ts';
import { pushToUnreached } from './conversation-push.ts';

const members = ['ann', 'bob', 'cleo', 'dora'];
const phoneOf = (userId: string): string => `${userId}-phone`;
const key = (userId: string): string => deviceKey(userId, phoneOf(userId));

const message = (senderId: string, seq: number) => ({
  conversationId: 'group',
  // Of what was accepted a job takes these alone.
  accepted: {
    sent: { sender_id: senderId, message_id: `m${seq}`, preview: null },
    seq,
    atMs: 1,
    expiresAtMs: null,
  } as unknown as Accepted,
  members,
  routable: seq - 1,
});

async function jobsFor(senders: readonly string[], reached: readonly ReadonlySet<string>[]): Promise<string[]> {
  const jobs: PushJob[] = [];
  let asked = 0;
  const devices = {
    devicesOf: async (userIds: readonly string[]) => {
      asked++;
      return userIds.map((userId) => [{ deviceId: phoneOf(userId), platform: 'android' as const }]);
    },
  };
  const queue = { enqueue: async (some: readonly PushJob[]) => void jobs.push(...some) };
  const messages = senders.map((sender, index) => message(sender, index + 1));
  await pushToUnreached(messages, { reached }, devices, queue);
  expect(asked).toBe(1);
  return jobs.map(({ seq, recipient_user_id }) => `${seq} ${recipient_user_id}`);
}

describe('push to those who were not reached', () => {
  it('invariant 13: messages that share members and reached devices miss the same people, each without its own sender', async () => {
    const shared = new Set([key('ann'), key('bob')]);
    expect(await jobsFor(['ann', 'cleo', 'bob'], [shared, shared, shared])).toEqual([
      '1 cleo',
      '1 dora',
      '2 dora',
      '3 cleo',
      '3 dora',
    ]);
  });

  it('invariant 13: whom a gateway did not take one message for is pushed that one alone', async () => {
    const all = new Set(members.map(key));
    const withoutBob = new Set([key('ann'), key('cleo'), key('dora')]);
    expect(await jobsFor(['ann', 'ann', 'ann'], [all, withoutBob, all])).toEqual(['2 bob']);
  });
});
