import { expect, it } from 'vitest';
import { sessionStoreContract } from './store.contract.ts';
import { MemorySessionStore } from './store.memory.ts';
import { sessionTtlMs } from './store.ts';

sessionStoreContract('memory', async () => {
  let nowMs = 1_700_000_000_000;
  const store = new MemorySessionStore({ clock: { nowMs: () => nowMs } });
  return {
    store,
    advance: (ms) => {
      nowMs += ms;
    },
    loseData: () => store.close(),
    close: () => store.close(),
  };
});

it('a revocation ends with its time', async () => {
  let nowMs = 0;
  const store = new MemorySessionStore({ clock: { nowMs: () => nowMs } });
  await store.revokeDevice({ userId: 'user', deviceId: 'device' }, 1_000);
  nowMs = 999;
  expect(await store.isRevoked('device')).toBe(true);
  nowMs = 1_000;
  expect(await store.isRevoked('device')).toBe(false);
});

it('entries of users who left do not pile up', async () => {
  let nowMs = 1_000;
  const store = new MemorySessionStore({ clock: { nowMs: () => nowMs } });
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 1_000; i++) await store.register({ userId: `${round}-${i}`, deviceId: 'phone' }, 'gateway');
    nowMs += sessionTtlMs;
  }
  expect(store.userCount).toBeLessThanOrEqual(2_048);
});
