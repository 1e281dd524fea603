const errorLevel = 1;
const copiedFields = ['error', 'groupId', 'memberId', 'clientId', 'broker', 'topic', 'partition', 'retryCount'];
const ordinary =
  /rebalanc|re-join|rejoin|not aware of this member|needs to have a valid member id|not the leader|metadata for this topic/i;
export function kafkaLogCreator(logger) {
  return (_level) =>
    ({ namespace, level, log }) => {
      const fields = { kafkajs: namespace };
      for (const name of copiedFields) {
        const value = log[name];
        if (value !== undefined) fields[name] = value instanceof Error ? value.message : value;
      }
      if (level > errorLevel || ordinary.test(`${log.message} ${String(fields['error'] ?? '')}`)) {
        logger.debug(fields, log.message);
      } else {
        logger.warn(fields, log.message);
      }
    };
}
//# sourceMappingURL=kafka-logger.js.map
