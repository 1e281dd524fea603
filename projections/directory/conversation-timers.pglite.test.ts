import { conversationTimersContract } from './conversation-timers.contract.ts';
import { openEmbeddedDirectory } from './open.ts';

conversationTimersContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});
