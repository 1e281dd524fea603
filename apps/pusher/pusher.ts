/** The pusher app without its adapters: a worker on push.jobs that hands notifications to a provider. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import type { Platform } from '@parley/schemas/generated/events';
import type { Log, Subscription } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { DeadLetters } from '@parley/streams/processors/dead-letter';
import type { InboxLookup } from '@parley/streams/processors/ports';
import type { WatermarkReader } from '@parley/streams/processors/receipts-aggregate';
import type { Registry } from 'prom-client';
import type { PushProvider } from './provider.ts';
import { PushWorker } from './push-worker.ts';

export const pusherGroup = 'pusher';

/** The directory, as far as it is asked here. */
export interface Recipients {
  displayName(userId: string): Promise<string | null>;
  /** Null if the device is gone. */
  pushTarget(deviceId: string): Promise<{ readonly platform: Platform; readonly token: string | null } | null>;
}

export interface PusherDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly recipients: Recipients;
  readonly watermarks: WatermarkReader;
  readonly inbox: InboxLookup;
  readonly provider: PushProvider;
  readonly clock: Clock;
  readonly metrics: Registry;
}

export interface PusherSettings {
  /** Upper bound of jobs in a batch. */
  readonly maxBatchRecords: number;
}

export const defaultPusherSettings: PusherSettings = { maxBatchRecords: 500 };

export interface Pusher {
  /** Resolves at the first assignment. */
  start(): Promise<void>;
  /** Ends after the batches in flight; what it was given stays open. */
  close(): Promise<void>;
}

export function createPusher(
  dependencies: PusherDependencies,
  { maxBatchRecords }: PusherSettings = defaultPusherSettings,
): Pusher {
  const { log, codec, clock, metrics } = dependencies;
  const handler = new PushWorker({ ...dependencies, poison: new DeadLetters({ log, codec, clock, metrics }) });
  let subscription: Subscription | null = null;
  return {
    async start() {
      subscription = await log.subscribe({
        topics: [topics.pushJobs],
        group: pusherGroup,
        handler,
        maxBatchRecords,
        from: 'earliest',
      });
      await subscription.ready();
    },
    async close() {
      await subscription?.close();
    },
  };
}
