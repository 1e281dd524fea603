/** What a processor reads from the environment. */
import {
  auditConfig,
  clockConfig,
  cqlConfig,
  deliveryConfig,
  kafkaConfig,
  postgresConfig,
  processConfig,
  redisConfig,
} from '@parley/runtime/cluster-config';
import { whole } from '@parley/runtime/config';
import { z } from 'zod';
import { defaultProcessorSettings } from './processor.ts';

export const config = z.object({
  ...auditConfig,
  ...processConfig,
  ...clockConfig,
  ...kafkaConfig,
  ...cqlConfig,
  ...redisConfig,
  ...postgresConfig,
  ...deliveryConfig,
  PARLEY_BATCH_RECORDS: whole(1, 10_000, defaultProcessorSettings.maxBatchRecords).describe(
    'most records that a processor takes at once',
  ),
});

export type ProcessorConfig = z.infer<typeof config>;
