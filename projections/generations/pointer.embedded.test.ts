import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { pointerContract } from './pointer.contract.ts';
import { EmbeddedPointerStore } from './pointer.embedded.ts';

pointerContract('a file', async () => {
  const folder = temporaryFolder();
  return {
    store: new EmbeddedPointerStore(folder.path),
    another: async () => new EmbeddedPointerStore(folder.path),
    close: async () => folder.remove(),
  };
});
