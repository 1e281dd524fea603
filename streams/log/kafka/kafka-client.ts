/** How every kafkajs client of the log is set up: timeouts and retries that outlive the kill and restart of a broker. */
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel, type RetryOptions } from 'kafkajs';
import type { Logger } from 'pino';
import { kafkaLogCreator } from './kafka-logger.ts';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  /** Names this process to the brokers; unique in the cell. */
  readonly clientId: string;
  readonly logger: Logger;
  readonly security?: Pick<KafkaConfig, 'ssl' | 'sasl'>;
}

/** About a minute: a broker that was killed is back within 3 to 15 s, the leader of a partition moves in less. */
export const kafkaRetry: RetryOptions = {
  initialRetryTime: 100,
  maxRetryTime: 1_000,
  retries: 60,
  factor: 0.2,
  multiplier: 1.5,
};

export function createKafka(connection: KafkaConnection, socketFactory?: ISocketFactory): Kafka {
  return new Kafka({
    ...connection.security,
    ...(socketFactory === undefined ? {} : { socketFactory }),
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: kafkaRetry,
    logLevel: logLevel.INFO,
    logCreator: kafkaLogCreator(connection.logger),
  });
}

/** The protocol's name of an error (`INVALID_TIMESTAMP`), wherever kafkajs has put it. */
export function protocolErrorOf(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return null;
}
