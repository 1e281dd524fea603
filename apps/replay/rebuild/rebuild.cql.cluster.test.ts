import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { CqlGenerationAccess } from '../generations/access.cql.ts';
import { rebuildContract } from './rebuild.contract.ts';

rebuildContract(
  'cql',
  async () => {
    const access = await CqlGenerationAccess.connect({
      contactPoints: (process.env['PARLEY_CQL_CONTACT_POINTS'] ?? '127.0.0.1:19042').split(','),
      datacenter: process.env['PARLEY_CQL_DATACENTER'] ?? 'datacenter1',
      keyspace: `test_${randomUUID().slice(0, 8)}`,
      replicationFactor: 1,
      ...{ clock: systemClock, timers: systemTimers },
    });
    return {
      access,
      close: async () => {
        for (const generation of await access.list()) await access.drop(generation);
        await access.dropControl();
        await access.close();
      },
    };
  },
  { kills: 8 },
);
