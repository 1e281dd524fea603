/** What replay reads from the environment on the cluster profile; on the embedded profile it needs nothing but a folder. */
import { cqlConfig, kafkaConfig, postgresConfig, processConfig, redisConfig } from '@parley/runtime/cluster-config';
import { z } from 'zod';

const { NODE_ENV, PARLEY_LOG_LEVEL } = processConfig;

/** What only `trace` looks at, and does without where it is not said. */
const PARLEY_REDIS_URL = redisConfig.PARLEY_REDIS_URL.optional();
const PARLEY_POSTGRES_URL = postgresConfig.PARLEY_POSTGRES_URL.optional();

export const config = z.object({
  ...{ NODE_ENV, PARLEY_LOG_LEVEL, PARLEY_REDIS_URL, PARLEY_POSTGRES_URL },
  ...kafkaConfig,
  ...cqlConfig,
});

export type ReplayConfig = z.infer<typeof config>;
