import { accountDeletionContract } from './account-deletion.contract.ts';
import type { DirectoryUnderTest } from './accounts.fixture.ts';
import { blocksContract } from './blocks.contract.ts';
import { contactsContract } from './contacts.contract.ts';
import { deviceLinksContract } from './device-links.contract.ts';
import { moderationContract } from './moderation.contract.ts';
import { openEmbeddedDirectory } from './open.ts';

const open = async (): Promise<DirectoryUnderTest> => {
  const database = await openEmbeddedDirectory(null);
  return { database, close: () => database.close() };
};

blocksContract('pglite', open);
contactsContract('pglite', open);
deviceLinksContract('pglite', open);
moderationContract('pglite', open);
accountDeletionContract('pglite', open);
