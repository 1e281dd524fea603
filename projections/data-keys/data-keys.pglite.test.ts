import { openEmbeddedDirectory } from '../directory/open.ts';
import { dataKeysContract } from './data-keys.contract.ts';
import { SqlDataKeys } from './data-keys.sql.ts';

dataKeysContract('pglite', async (environment) => {
  const database = await openEmbeddedDirectory(null);
  return { keys: new SqlDataKeys({ database, ...environment }), close: () => database.close() };
});
