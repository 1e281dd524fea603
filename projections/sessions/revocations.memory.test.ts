import { systemClock } from '@parley/schemas/environment/system';
import { revocationsContract } from './revocations.contract.ts';
import { MemorySessionStore } from './store.memory.ts';

revocationsContract('memory', async () => {
  const store = new MemorySessionStore({ clock: systemClock });
  return { store, feed: store.revocations, close: () => store.close() };
});
