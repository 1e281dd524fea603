import { expect, it } from 'vitest';
import { presenceStoreContract } from './store.contract.ts';
import { MemoryPresenceStore } from './store.memory.ts';

presenceStoreContract('memory', async () => {
  const store = new MemoryPresenceStore();
  return { store, loseData: () => store.close(), close: () => store.close() };
});

it('forgets who has been offline for longest, never somebody online', async () => {
  const store = new MemoryPresenceStore({ maxUsers: 2 });
  const lease = (userId: string) => ({ userId, deviceId: 'phone', connectionId: 1, gatewayId: 'gateway' });
  await store.connect(lease('ann'), 1);
  await store.connect(lease('bob'), 2);
  await store.disconnect(lease('bob'), 3);
  await store.connect(lease('eve'), 4);
  const seen = await store.read(['ann', 'bob', 'eve']);
  expect(seen.map((one) => one.status)).toEqual(['online', 'offline', 'online']);
  expect(seen[1]!.lastSeenMs).toBeNull();
});
