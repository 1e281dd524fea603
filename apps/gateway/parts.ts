/** The parts of a gateway, put together once; which part may know of which is visible here. */
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import type { DeliverySink } from '@parley/streams/delivery/delivery';
import { Router } from '@parley/streams/delivery/router';
import { partitionOf } from '@parley/streams/log/partitioner';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import type { GatewayCounts } from './counts.ts';
import type { GatewayDependencies } from './dependencies.ts';
import { Dispatch } from './frames/dispatch.ts';
import { ErrorReporter } from './frames/error-reporter.ts';
import { MarkDesk } from './frames/marks.ts';
import { ReceiptLog } from './frames/receipt-log.ts';
import { ReceiptQueries } from './frames/receipt-query.ts';
import { ReceiptDesk } from './frames/receipts.ts';
import { SendDesk } from './frames/send.ts';
import { SyncDesk } from './frames/sync.ts';
import { TypingDesk } from './frames/typing.ts';
import { LiveDelivery } from './live/live-delivery.ts';
import { MissedMessages } from './live/missed-messages.ts';
import { OwnLink } from './live/own-link.ts';
import { PushOutbox } from './live/push-outbox.ts';
import { Sink } from './live/sink.ts';
import { Membership } from './lookups/membership.ts';
import { PresenceVisibility } from './lookups/presence-visibility.ts';
import { ReadPrivacy } from './lookups/read-privacy.ts';
import { PresenceTeller } from './presence/presence-teller.ts';
import { WatchIndex } from './presence/watch-index.ts';
import { PresenceWatch } from './presence-watch.ts';
import { Admissions } from './sessions/admissions.ts';
import { Departures } from './sessions/departures.ts';
import { PresenceEvents } from './sessions/presence-events.ts';
import { Renewals } from './sessions/renewals.ts';
import { Revocations } from './sessions/revocations.ts';
import type { GatewaySettings } from './settings.ts';
import { Ticker } from './ticker.ts';

export interface PartsContext {
  readonly on: GatewayDependencies;
  readonly settings: GatewaySettings;
  readonly counts: GatewayCounts;
  readonly presencePartitions: number;
  readonly close: (connection: Connection, code: ErrorCode) => void;
}

export interface GatewayParts {
  readonly connections: Connections;
  readonly admissions: Admissions;
  readonly departures: Departures;
  readonly revocations: Revocations;
  readonly outbox: PushOutbox;
  readonly missed: MissedMessages;
  readonly receipts: ReceiptLog;
  readonly live: LiveDelivery;
  readonly watches: PresenceWatch;
  readonly sends: SendDesk;
  readonly dispatch: Dispatch;
  readonly ticker: Ticker;
  readonly sink: DeliverySink;
}

export function buildParts(context: PartsContext): GatewayParts {
  const { on, settings, counts } = context;
  const { log, codec, clock, presence, logger } = on;
  const connections = new Connections();
  const outbox = new PushOutbox(on.pushJobs, settings.maxPushJobs, counts, logger);
  const missed = new MissedMessages(outbox);
  const receipts = new ReceiptLog({ log, codec, clock, connections, counts, logger }, settings.maxReceiptRetries);
  const live = new LiveDelivery({ connections, missed, receipts, counts }, settings);
  const index = new WatchIndex();
  const visibility = new PresenceVisibility(on.privacy);
  const teller = new PresenceTeller({ presence, visibility, watches: index, live, clock, logger }, settings);
  const watches = new PresenceWatch({ presence, watches: index, teller, clock, logger }, settings);
  const shared = { connections, outbox, missed, receipts, live, watches };
  const privacy = new ReadPrivacy(on.privacy);
  const sink = new Sink({ connections, presence: teller, live, privacy, clock, counts }, settings);
  const events = new PresenceEvents({ log, codec, presence, clock });
  return {
    ...shared,
    ...buildSessions(context, shared, events),
    ...buildFrames(context, { ...shared, sink, privacy }),
    sink,
  };
}

type Shared = Pick<GatewayParts, 'connections' | 'outbox' | 'missed' | 'receipts' | 'live' | 'watches'>;

function buildSessions(context: PartsContext, shared: Shared, events: PresenceEvents) {
  const { on, settings, counts, close, presencePartitions } = context;
  const { sessions, presence, clock, timers, random, tokens, logger } = on;
  const { connections, receipts, live, outbox, watches } = shared;
  const departures = new Departures({ sessions, presence: events, outbox, logger });
  const partitionOfUser = (userId: string): number => partitionOf(userId, presencePartitions);
  const admissions = new Admissions(
    { tokens, sessions, presence: events, departures, partitionOfUser, clock, timers, counts, logger },
    settings,
  );
  const renewals = new Renewals({ sessions, presence, events, close, clock, counts, logger });
  const revocations = new Revocations({ feed: on.revocations, sessions, connections, close, counts, logger });
  const ticker = new Ticker(
    { connections, renewals, revocations, receipts, live, outbox, watches, close, clock, random, counts, logger },
    settings,
  );
  return { departures, admissions, revocations, ticker };
}

function buildFrames(
  { on, settings, counts, close }: PartsContext,
  { receipts: log, live, watches, sink, privacy }: Shared & Pick<GatewayParts, 'sink'> & { privacy: ReadPrivacy },
) {
  const { members, messages, inbox, receipts, history, clock, timers, users } = on;
  const errors = new ErrorReporter(settings, close, counts, on.logger);
  const membership = new Membership({ members, users, timers }, settings);
  const { limiter, codec, dataKeys } = on;
  const router = new Router(on.sessions, new OwnLink(settings.gatewayId, sink, on.link), on.metrics);
  const sends = new SendDesk(
    { log: on.log, codec, clock, limiter, messages, membership, dataKeys, errors, counts },
    settings,
  );
  const desks = {
    sends,
    receipts: new ReceiptDesk({ inbox, members, messages, receipts, clock, live, log, privacy }),
    marks: new MarkDesk({ log: on.log, codec, clock, inbox, members, messages }),
    sync: new SyncDesk({ inbox, history, clock, live }, settings),
    queries: new ReceiptQueries({ members, receipts, privacy }),
    watches,
    typing: new TypingDesk({ members, router, privacy: on.privacy, errors, clock, timers }, settings),
  };
  return { sends, dispatch: new Dispatch(desks, { errors, clock, counts }, settings) };
}
