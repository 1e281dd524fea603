import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { projectorsContract } from '../projectors.contract.ts';
import { openKeyspaceFixture } from './keyspace.fixture.ts';
import { openCqlProjections } from './projections.ts';

projectorsContract('cql', async () => {
  const { connection, close } = await openKeyspaceFixture();
  const metrics = new Registry();
  return { projections: openCqlProjections(connection, { clock: systemClock, metrics }), metrics, close };
});
