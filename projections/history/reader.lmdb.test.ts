import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { temporaryFolder } from '../lmdb/env.fixture.ts';
import { openEmbeddedProjections } from '../lmdb/projections.ts';
import { aroundContract } from './around.contract.ts';
import { type HistoryUnderTest, historyContract } from './reader.contract.ts';
import { withheldContract } from './withheld.contract.ts';

const make = async (): Promise<HistoryUnderTest> => {
  const folder = temporaryFolder();
  const projections = openEmbeddedProjections(folder.path, { clock: systemClock, metrics: new Registry() });
  return {
    projections,
    close: async () => {
      await projections.close();
      folder.remove();
    },
  };
};

historyContract('lmdb', 400, make);
aroundContract('lmdb', 200, make);
withheldContract('lmdb', make);
