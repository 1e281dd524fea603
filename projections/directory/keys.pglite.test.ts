import { keysContract } from './keys.contract.ts';
import { openEmbeddedDirectory } from './open.ts';

keysContract(
  'pglite',
  async () => {
    const database = await openEmbeddedDirectory(null);
    return { database, close: () => database.close() };
  },
  8,
);
