/**
 * What kafkajs has to say, in our own log and at the level that it deserves.
 *
 * kafkajs calls ordinary things errors: a rebalance, a member that must join again, a broker that is being restarted. Whatever
 * matters in the end (an append that failed, a consumer that was made anew) is logged by our own code, so its errors become
 * warnings, its warnings and news debug lines, and rebalances debug lines too. Only named fields are copied.
 */
import type { LogEntry, logCreator, logLevel } from 'kafkajs';
import type { Logger } from 'pino';

const errorLevel = 1;
const copiedFields = [
  'error',
  'groupId',
  'memberId',
  'clientId',
  'broker',
  'topic',
  'partition',
  'retryCount',
] as const;
const ordinary =
  /rebalanc|re-join|rejoin|not aware of this member|needs to have a valid member id|not the leader|metadata for this topic/i;

export function kafkaLogCreator(logger: Logger): logCreator {
  return (_level: logLevel) =>
    ({ namespace, level, log }: LogEntry) => {
      const fields: Record<string, unknown> = { kafkajs: namespace };
      for (const name of copiedFields) {
        const value: unknown = log[name];
        if (value !== undefined) fields[name] = value instanceof Error ? value.message : value;
      }
      if (level > errorLevel || ordinary.test(`${log.message} ${String(fields['error'] ?? '')}`)) {
        logger.debug(fields, log.message);
      } else {
        logger.warn(fields, log.message);
      }
    };
}
