import { openEmbeddedDirectory } from '../open.ts';
import { outboxContract } from './outbox.contract.ts';

outboxContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});
