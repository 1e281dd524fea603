/**
 * Derives the projections from the log again, by the production processors on fresh stores, in batches cut in other places, and
 * says what is different from the live ones (invariant 5).
 *
 * What cannot be derived again is declared in projections/reproducible.ts.
 */
import type { CqlSession } from '@parley/projections/cql/connection';
import { openCqlProjections } from '@parley/projections/cql/projections';
import type { Projections } from '@parley/projections/projections';
import { differentSteps, type ReceiptStep, reproducesWriteTimestamps } from '@parley/projections/reproducible';
import type { StoreTable } from '@parley/projections/store-writes';
import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import { Router } from '@parley/streams/delivery/router';
import type { BatchHandler, LogRecord, RecordBatch } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { ConversationProcessor } from '@parley/streams/processors/conversation';
import { ReceiptsProcessor } from '@parley/streams/processors/receipts';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { RecordedRebuild } from '../checks/history.ts';
import type { SeededRandom } from './environment/seeded-random.ts';
import type { BrokerPartition } from './log/broker.ts';
import { CqlEngine } from './stores/cql-engine.ts';
import type { World } from './world.ts';

const mostRecords = 40;
const quietMs = 5_000;

/** The engine without a network in between. */
export function directSession(engine: CqlEngine): CqlSession {
  return {
    read: async (statement, limit) => engine.read(statement, limit),
    write: async (statements) => engine.write(statements),
    close: () => Promise.resolve(),
  };
}

export async function rebuild(world: World, wasCompacted: boolean): Promise<RecordedRebuild[]> {
  const engine = await derive(world);
  const comparable = (one: CqlEngine, table: StoreTable): ReadonlyMap<string, string> => {
    const values = table === 'inbox' ? withoutOldPreviews(one.dump(table)) : one.dump(table);
    return reproducesWriteTimestamps[table] ? values : withoutTimestamps(values);
  };
  const whole = (['messages', 'members', 'fold_states', 'inbox'] as const).map((table) => ({
    table,
    different: differences(comparable(world.engine, table), comparable(engine, table)),
  }));
  return [
    ...whole,
    {
      table: 'receipts',
      different: receiptDifferences(world.engine.dump('receipts'), engine.dump('receipts'), wasCompacted),
    },
  ];
}

function withoutTimestamps(cells: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...cells].map(([cell, value]) => [cell, value.replace(/ @\d+$/, '')]));
}

const writtenAt = (value: string | undefined): string | undefined => / @(\d+)$/.exec(value ?? '')?.[1];

/** A preview that disappears is written where its message is the last of a batch; once another is the last, nobody is shown it. */
function withoutOldPreviews(cells: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const isOld = ([cell, value]: readonly [string, string]): boolean =>
    cell.endsWith(' fading_preview') &&
    writtenAt(value) !== writtenAt(cells.get(cell.replace(/fading_preview$/, 'last_message')));
  return new Map([...cells].filter((entry) => !isOld(entry)));
}

async function derive(world: World): Promise<CqlEngine> {
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const time = new VirtualTime(world.time.nowMs(), { settle });
  const engine = new CqlEngine(time);
  const projections = openCqlProjections(directSession(engine), { clock: time, metrics: new Registry() });
  const { conversations, receipts } = handlersOn(projections, world, time);
  const random = world.random.fork('rebuild');
  await feed(world, topics.messages, conversations, random);
  await feed(world, topics.receipts, receipts, random);
  await time.advance(quietMs); // States that waited for a checkpoint are saved.
  await conversations.close();
  return engine;
}

export interface Handlers {
  readonly conversations: ConversationProcessor;
  readonly receipts: ReceiptsProcessor;
}

/** The production processors on these projections: they reach nobody, and push nothing. */
export function handlersOn(
  projections: Projections,
  { codec, dataKeys }: Pick<World, 'codec' | 'dataKeys'>,
  time: VirtualTime,
): Handlers {
  const metrics = new Registry();
  const noSessions = { lookup: async (userIds: readonly string[]) => userIds.map(() => []) };
  const noLink = { deliver: async () => [], close: () => Promise.resolve() };
  const common = {
    ...{ codec, poison: { bury: () => Promise.resolve() }, metrics, clock: time, timers: time },
    logger: pino({ level: 'silent', timestamp: false }),
    router: new Router(noSessions, noLink, metrics),
  };
  const conversations = new ConversationProcessor({
    ...common,
    log: { read: () => nothing(), bounds: async () => ({ earliest: 0, end: 0 }) },
    states: projections.foldState,
    projector: projections.conversationProjector,
    dataKeys,
    lookup: projections.messageLookup,
    pushJobs: { enqueue: () => Promise.resolve() },
    devices: { devicesOf: async (userIds) => userIds.map(() => []) },
  });
  const receipts = new ReceiptsProcessor({
    ...common,
    projector: projections.receiptProjector,
    watermarks: projections.receipts,
    members: projections.memberLookup,
    inbox: projections.inboxLookup,
  });
  conversations.start();
  return { conversations, receipts };
}

async function* nothing(): AsyncGenerator<readonly LogRecord[]> {
  // No snapshot has a layout that this build does not know.
}

async function feed(world: World, topic: string, handler: BatchHandler, random: SeededRandom): Promise<void> {
  const { partitions } = world.broker.topic(topic);
  await handler.assigned(
    1,
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  for (const partition of partitions) {
    const { records } = partition;
    for (let next = 0; next < records.length; ) {
      const batch = records.slice(next, next + random.between(1, mostRecords));
      next += batch.length;
      await handler.handle(batchOf(partition, batch));
    }
  }
}

/** Nobody takes the partition away meanwhile. */
export function batchOf({ topic, partition, end }: BrokerPartition, records: readonly LogRecord[]): RecordBatch {
  const stays = { isCurrent: () => true, heartbeat: () => Promise.resolve() };
  return { topic, partition, generation: 1, records, endOffset: end, ...stays };
}

function differences(live: ReadonlyMap<string, string>, derived: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [cell, value] of live) {
    if (derived.get(cell) !== value)
      found.push(`${cell} is ${shown(value)}, derived again ${shown(derived.get(cell))}`);
  }
  for (const [cell, value] of derived)
    if (!live.has(cell)) found.push(`${cell} is not there, derived again ${shown(value)}`);
  return found;
}

const shown = (value: string | undefined): string => (value === undefined ? 'nothing' : value.slice(0, 80));

const isWatermark = (cell: string): boolean => / (delivered|read)\//.test(cell);

/** Cells of steps, by member and kind: "conversation/user kind seq at" → "time @…". */
function stepsOf(cells: ReadonlyMap<string, string>): Map<string, ReceiptStep[]> {
  const steps = new Map<string, ReceiptStep[]>();
  for (const [cell, value] of cells) {
    const match = /^(\S+ (?:delivered|read)) (\d+) at$/.exec(cell);
    if (match === null) continue;
    const step = { seq: Number(match[2]), atMs: Number(value.split(' ')[0]) };
    steps.set(match[1]!, [...(steps.get(match[1]!) ?? []), step]);
  }
  return steps;
}

function receiptDifferences(
  live: ReadonlyMap<string, string>,
  derived: ReadonlyMap<string, string>,
  wasCompacted: boolean,
): string[] {
  const marks = (cells: ReadonlyMap<string, string>) => new Map([...cells].filter(([cell]) => isWatermark(cell)));
  const found = differences(marks(live), marks(derived));
  const [liveSteps, derivedSteps] = [stepsOf(live), stepsOf(derived)];
  for (const of of new Set([...liveSteps.keys(), ...derivedSteps.keys()])) {
    const [one, again] = [liveSteps.get(of) ?? [], derivedSteps.get(of) ?? []];
    for (const { seq, liveMs, againMs } of differentSteps(one, again, wasCompacted))
      found.push(`${of} reached ${seq} at ${liveMs}, derived again at ${againMs}`);
  }
  return found;
}
