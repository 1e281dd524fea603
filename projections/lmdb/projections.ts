/** Opens all projections in one embedded environment; a batch of any of them is one transaction. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ConversationRows } from '@parley/streams/conversation/rows';
import type { PersonalMark, ReceiptRow } from '@parley/streams/processors/ports';
import type { Registry } from 'prom-client';
import { LmdbFoldStateStore } from '../fold-state/store.lmdb.ts';
import { HistoryReader } from '../history/reader.ts';
import { LmdbInboxStore } from '../inbox/store.lmdb.ts';
import { StoredInboxLookup } from '../inbox/wire-entry.ts';
import { StoredMemberLookup } from '../members/lookup.ts';
import { LmdbMemberStore } from '../members/store.lmdb.ts';
import { StoredMessageLookup } from '../messages/lookup.ts';
import { LmdbMessageStore } from '../messages/store.lmdb.ts';
import type { Projections } from '../projections.ts';
import { readMarksOf } from '../receipts/read-marks.ts';
import { LmdbReceiptStore } from '../receipts/store.lmdb.ts';
import { StoreWrites } from '../store-writes.ts';
import { LmdbCheckpointStore } from './checkpoints.ts';
import { openProjectionEnv, type ProjectionEnv, type ProjectionEnvOptions } from './env.ts';
import { Expiries } from './expiries.ts';

/** Rows that are over, taken away with each batch that is projected. */
const expiredPerWrite = 100;

export interface EmbeddedProjectionsOptions extends Omit<ProjectionEnvOptions, 'path'> {
  readonly clock: Clock;
  readonly metrics: Registry;
}

export interface EmbeddedProjections extends Projections {
  readonly checkpoints: LmdbCheckpointStore;
  /** True if what was stored could not be trusted after the machine stopped, and the log fills the projections anew. */
  readonly startedEmpty: boolean;
  /** Takes away at most so many rows that are over; resolves to how many. Every batch that is projected takes some, too. */
  sweepExpired(limit: number): Promise<number>;
}

export function openEmbeddedProjections(path: string, options: EmbeddedProjectionsOptions): EmbeddedProjections {
  return projectionsIn(openProjectionEnv({ ...options, path }), options);
}

/** The projections own the environment from here on: closing them closes it. */
export function projectionsIn(
  env: ProjectionEnv,
  options: Pick<EmbeddedProjectionsOptions, 'clock' | 'metrics'>,
): EmbeddedProjections {
  const writes = new StoreWrites(options.metrics);
  const messages = new LmdbMessageStore(env, writes, options.clock);
  const members = new LmdbMemberStore(env, writes);
  const inbox = new LmdbInboxStore(env, writes, options.clock);
  const receipts = new LmdbReceiptStore(env, writes, options.clock);
  const expiries = new Expiries(env.database('expiries'));
  const takeExpired = (limit: number): number => {
    const nowMs = options.clock.nowMs();
    return expiries.takeDue(nowMs, limit, (kind, key) => {
      if (kind === 'message') messages.remove(key);
      else inbox.fade(key, nowMs);
    });
  };
  return {
    messages,
    members,
    inbox,
    receipts,
    foldState: new LmdbFoldStateStore(env, writes),
    // One transaction: readers see all of a batch or nothing, which is stronger than the order that design rule 9 asks for.
    conversationProjector: {
      project: (rows: ConversationRows): Promise<void> =>
        env.write(() => {
          members.apply(rows.members, rows.conversations);
          messages.apply(rows.messages);
          inbox.apply(rows.inbox);
          takeExpired(expiredPerWrite);
        }),
    },
    receiptProjector: {
      project: (rows: readonly ReceiptRow[], marks: readonly PersonalMark[]): Promise<void> =>
        env.write(() => {
          receipts.apply(rows);
          inbox.applyMarks(readMarksOf(rows));
          inbox.applyPersonal(marks);
        }),
    },
    messageLookup: new StoredMessageLookup(members, messages),
    memberLookup: new StoredMemberLookup(members),
    inboxLookup: new StoredInboxLookup(inbox),
    history: new HistoryReader({ inbox, members, messages }, options.clock),
    checkpoints: new LmdbCheckpointStore(env),
    startedEmpty: env.found === 'lost',
    async sweepExpired(limit) {
      let taken = 0;
      await env.write(() => {
        taken = takeExpired(limit);
      });
      return taken;
    },
    close: () => env.close(),
  };
}
