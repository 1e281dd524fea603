/** What a pusher reads from the environment. */
import { cqlConfig, kafkaConfig, postgresConfig, processConfig } from '@parley/runtime/cluster-config';
import { whole } from '@parley/runtime/config';
import { z } from 'zod';
import { defaultPusherSettings } from './pusher.ts';

export const config = z.object({
  ...processConfig,
  ...kafkaConfig,
  ...cqlConfig,
  ...postgresConfig,
  PARLEY_BATCH_JOBS: whole(1, 10_000, defaultPusherSettings.maxBatchRecords).describe(
    'most jobs that are taken at once',
  ),
});

export type PusherConfig = z.infer<typeof config>;
