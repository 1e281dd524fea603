import { openEmbeddedDirectory } from '../directory/open.ts';
import { dataKeysContract } from './data-keys.contract.ts';

dataKeysContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});
