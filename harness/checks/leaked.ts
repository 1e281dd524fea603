/** Nothing of a conversation reaches a device whose user was not in it then, and nothing at all one that was revoked (invariant 7). */
import type { Check } from './check.ts';
import { sees } from './history.ts';

export const leaked: Check = {
  name: 'leaked',
  means: 'Somebody who was thrown out of a group goes on reading it.',
  invariants: [7],
  find({ devices, sights = [], pushes, revoked = [] }) {
    const byId = new Map(devices.map((device) => [device.deviceId, device]));
    const pushed = pushes.map((push) => ({ ...push, by: 'push' as const }));
    const afterwards = revoked.map(
      ({ deviceId, conversationId, seq, by }) =>
        `${deviceId}, which was revoked, was shown seq ${seq} of ${conversationId} by a ${by}`,
    );
    const outside = [...sights, ...pushed].flatMap(({ deviceId, conversationId, seq, by }) => {
      const device = byId.get(deviceId);
      if (device === undefined || sees(device, conversationId, seq)) return [];
      return [`${deviceId} was shown seq ${seq} of ${conversationId} by a ${by}`];
    });
    return [...outside, ...afterwards];
  },
};
