/** All projections on one CQL connection. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { ConversationRows } from '@parley/streams/conversation/rows';
import type { PersonalMark, ReceiptRow } from '@parley/streams/processors/ports';
import type { Registry } from 'prom-client';
import { CqlFoldStateStore } from '../fold-state/store.cql.ts';
import { HistoryReader } from '../history/reader.ts';
import { CqlInboxStore } from '../inbox/store.cql.ts';
import { StoredInboxLookup } from '../inbox/wire-entry.ts';
import { StoredMemberLookup } from '../members/lookup.ts';
import { CqlMemberStore } from '../members/store.cql.ts';
import { StoredMessageLookup } from '../messages/lookup.ts';
import { CqlMessageStore } from '../messages/store.cql.ts';
import type { Projections } from '../projections.ts';
import { readMarksOf } from '../receipts/read-marks.ts';
import { CqlReceiptStore } from '../receipts/store.cql.ts';
import { StoreWrites } from '../store-writes.ts';
import type { CqlSession } from './connection.ts';

export interface CqlProjectionsOptions {
  readonly clock: Clock;
  readonly metrics: Registry;
}

/** The projections own the session from here on: closing them closes it. */
export function openCqlProjections(session: CqlSession, options: CqlProjectionsOptions): Projections {
  const writes = new StoreWrites(options.metrics);
  const messages = new CqlMessageStore(session, writes, options.clock);
  const members = new CqlMemberStore(session, writes);
  const inbox = new CqlInboxStore(session, writes, options.clock);
  const receipts = new CqlReceiptStore(session, writes, options.clock);
  return {
    messages,
    members,
    inbox,
    receipts,
    foldState: new CqlFoldStateStore(session, writes),
    // Each is awaited before the next (design rule 9): a reader that finds a row finds what it rests on.
    conversationProjector: {
      project: async (rows: ConversationRows): Promise<void> => {
        await members.write(rows.members, rows.conversations);
        await messages.write(rows.messages);
        await inbox.write(rows.inbox);
      },
    },
    receiptProjector: {
      project: async (rows: readonly ReceiptRow[], marks: readonly PersonalMark[]): Promise<void> => {
        await receipts.write(rows);
        await inbox.markRead(readMarksOf(rows));
        await inbox.mark(marks);
      },
    },
    messageLookup: new StoredMessageLookup(members, messages),
    memberLookup: new StoredMemberLookup(members),
    inboxLookup: new StoredInboxLookup(inbox),
    history: new HistoryReader({ inbox, members, messages }, options.clock),
    close: () => session.close(),
  };
}
