/** What replay reads from the environment on the cluster profile; on the embedded profile it needs nothing but a folder. */
import { cqlConfig, kafkaConfig, processConfig } from '@parley/runtime/cluster-config';
import { z } from 'zod';

const { NODE_ENV, PARLEY_LOG_LEVEL } = processConfig;

export const config = z.object({ NODE_ENV, PARLEY_LOG_LEVEL, ...kafkaConfig, ...cqlConfig });

export type ReplayConfig = z.infer<typeof config>;
