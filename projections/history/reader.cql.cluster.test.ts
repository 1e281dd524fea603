import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { openCqlProjections } from '../cql/projections.ts';
import { aroundContract } from './around.contract.ts';
import { type HistoryUnderTest, historyContract } from './reader.contract.ts';
import { withheldContract } from './withheld.contract.ts';

const make = async (): Promise<HistoryUnderTest> => {
  const { connection, close } = await openKeyspaceFixture();
  return { projections: openCqlProjections(connection, { clock: systemClock, metrics: new Registry() }), close };
};

historyContract('cql', 10, make);
aroundContract('cql', 5, make);
withheldContract('cql', make);
