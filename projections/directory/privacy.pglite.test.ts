import { openEmbeddedDirectory } from './open.ts';
import { privacyContract } from './privacy.contract.ts';

privacyContract('pglite', async () => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
});
