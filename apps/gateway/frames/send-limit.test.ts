import { MemoryMessageRateLimiter } from '@parley/projections/limits/limits.memory';
import { limitTable } from '@parley/projections/limits/table';
import { systemClock } from '@parley/schemas/environment/system';
import { sendLimitContract } from './send-limit.contract.ts';

sendLimitContract('one process', async () => {
  const limiter = new MemoryMessageRateLimiter({ clock: systemClock, limit: limitTable.messages });
  return { limiters: [limiter, limiter], reconciled: async () => {}, close: () => limiter.close() };
});
