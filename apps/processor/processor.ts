/**
 * The processor app without its adapters: the conversation, receipts and presence processors, each subscribed to its topic in a
 * group of its own.
 *
 * They share the router and the link to the gateways, the push queue and the dead letters; apart from that none knows the others.
 */

import { leaseMs, type PresenceStore } from '@parley/projections/presence/store';
import type { Projections } from '@parley/projections/projections';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { GatewayLink, SessionLookup } from '@parley/streams/delivery/delivery';
import { Router } from '@parley/streams/delivery/router';
import type { BatchHandler, Log, Subscription } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { ConversationProcessor } from '@parley/streams/processors/conversation';
import { DeadLetters } from '@parley/streams/processors/dead-letter';
import type { DeviceDirectory } from '@parley/streams/processors/ports';
import { PresenceProcessor, presenceGroup } from '@parley/streams/processors/presence';
import { ReceiptsProcessor } from '@parley/streams/processors/receipts';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import type { DataKeys } from '@parley/streams/sealing/data-key';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';

export const processorGroups = { conversation: 'conversation', receipts: 'receipts', presence: presenceGroup } as const;

export interface ProcessorDependencies {
  readonly log: Log;
  readonly codec: EventCodec;
  readonly projections: Projections;
  readonly sessions: SessionLookup;
  readonly link: GatewayLink;
  readonly devices: DeviceDirectory;
  readonly dataKeys: Pick<DataKeys, 'find'>;
  readonly presence: PresenceStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Registry;
  readonly logger: Logger;
}

export interface ProcessorSettings {
  /** Upper bound of records in a batch, for each processor. */
  readonly maxBatchRecords: number;
  /** How long a connection may be without a lease; 0 where the store of leases and all gateways are in this process. */
  readonly missingLeaseGraceMs: number;
}

export const defaultProcessorSettings: ProcessorSettings = { maxBatchRecords: 1_000, missingLeaseGraceMs: leaseMs };

export interface Processor {
  /** Resolves when each group has its first assignment. */
  start(): Promise<void>;
  /** Ends after the batches in flight; what it was given stays open. */
  close(): Promise<void>;
}

export function createProcessor(
  dependencies: ProcessorDependencies,
  settings: ProcessorSettings = defaultProcessorSettings,
): Processor {
  const { maxBatchRecords } = settings;
  const { log } = dependencies;
  const { conversation, receipts, presence } = makeProcessors(dependencies, settings);
  const subscriptions: Subscription[] = [];
  const subscribe = async (topic: string, group: string, handler: BatchHandler): Promise<void> => {
    subscriptions.push(await log.subscribe({ topics: [topic], group, handler, maxBatchRecords, from: 'earliest' }));
  };
  return {
    async start() {
      await subscribe(topics.messages, processorGroups.conversation, conversation);
      await subscribe(topics.receipts, processorGroups.receipts, receipts);
      await subscribe(topics.presence, processorGroups.presence, presence);
      for (const processor of [conversation, receipts, presence]) processor.start();
      await Promise.all(subscriptions.map((subscription) => subscription.ready()));
    },
    async close() {
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
      await Promise.all([conversation.close(), receipts.close(), presence.close()]);
    },
  };
}

function makeProcessors(
  { sessions, projections, ...dependencies }: ProcessorDependencies,
  { missingLeaseGraceMs }: ProcessorSettings,
) {
  const { log, codec, clock, metrics, link } = dependencies;
  const made = {
    ...dependencies,
    poison: new DeadLetters({ log, codec, clock, metrics }),
    router: new Router(sessions, link, metrics),
    pushJobs: new PushJobQueue({ log, codec, clock }),
    watermarks: projections.receipts,
    inbox: projections.inbox,
  };
  return {
    conversation: new ConversationProcessor({
      ...made,
      states: projections.foldState,
      projector: projections.conversationProjector,
      lookup: projections.messageLookup,
    }),
    receipts: new ReceiptsProcessor({
      ...made,
      projector: projections.receiptProjector,
      members: projections.memberLookup,
      inbox: projections.inboxLookup,
    }),
    presence: new PresenceProcessor({
      ...made,
      ledger: dependencies.presence,
      leaseMs,
      missingGraceMs: missingLeaseGraceMs,
    }),
  };
}
