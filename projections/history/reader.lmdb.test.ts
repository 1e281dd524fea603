import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { openEmbeddedProjections } from '../lmdb/projections.ts';
import { historyContract } from './reader.contract.ts';

historyContract('lmdb', 400, async () => {
  const folder = temporaryFolder();
  const projections = openEmbeddedProjections(folder.path, { clock: systemClock, metrics: new Registry() });
  return {
    projections,
    close: async () => {
      await projections.close();
      folder.remove();
    },
  };
});
