/** Nothing of a conversation reaches a device whose user was not in it then (invariant 7). */
import type { Check } from './check.ts';
import { sees } from './history.ts';

export const leaked: Check = {
  name: 'leaked',
  means: 'Somebody who was thrown out of a group goes on reading it.',
  find({ devices, sights = [], pushes }) {
    const byId = new Map(devices.map((device) => [device.deviceId, device]));
    const pushed = pushes.map((push) => ({ ...push, by: 'push' as const }));
    return [...sights, ...pushed].flatMap(({ deviceId, conversationId, seq, by }) => {
      const device = byId.get(deviceId);
      if (device === undefined || sees(device, conversationId, seq)) return [];
      return [`${deviceId} was shown seq ${seq} of ${conversationId} by a ${by}`];
    });
  },
};
