/** What setup reads from the environment: where the services are, and what topics and tables are made with. */
import { cqlConfig, kafkaConfig, postgresConfig, processConfig } from '@parley/runtime/cluster-config';
import { z } from 'zod';

export const config = z.object({ ...processConfig, ...kafkaConfig, ...cqlConfig, ...postgresConfig });

export type SetupConfig = z.infer<typeof config>;
