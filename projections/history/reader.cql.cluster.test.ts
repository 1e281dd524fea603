import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { openKeyspaceFixture } from '../cql/keyspace.fixture.ts';
import { openCqlProjections } from '../cql/projections.ts';
import { historyContract } from './reader.contract.ts';

historyContract('cql', 10, async () => {
  const { connection, close } = await openKeyspaceFixture();
  return { projections: openCqlProjections(connection, { clock: systemClock, metrics: new Registry() }), close };
});
