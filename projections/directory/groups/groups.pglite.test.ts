import { openEmbeddedDirectory } from '../open.ts';
import { groupsContract } from './groups.contract.ts';

groupsContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});
