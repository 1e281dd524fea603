/** Reads every conversation of every user from its beginning, as a new device would, and backwards, as one that scrolls. */
import type { HistoryPage } from '@parley/projections/history/reader';
import { unreadCount } from '@parley/projections/inbox/store';
import type { Projections } from '@parley/projections/projections';
import { hasCode } from '@parley/schemas/errors/parley-error';
import { isCountable } from '@parley/streams/conversation/rules';
import type { RecordedMessage, RecordedReading, RecordedUnread } from '../checks/history.ts';
import { contentOf } from './content.ts';
import type { SeededRandom } from './environment/seeded-random.ts';
import type { Oracle } from './oracle.ts';

const mostPages = 2_000;

export interface ReaderView {
  readonly readings: readonly RecordedReading[];
  readonly unread: readonly RecordedUnread[];
}

export async function readEverything(
  projections: Projections,
  oracle: Oracle,
  random: SeededRandom,
): Promise<ReaderView> {
  const readings: RecordedReading[] = [];
  const unread: RecordedUnread[] = [];
  for (const [conversationId, conversation] of oracle.conversations) {
    for (const userId of conversation.intervals.keys()) {
      const about = { userId, conversationId, expected: expectedOf(oracle, conversationId, userId) };
      const limit = random.between(1, 40);
      const fetched = fetchAll(projections, userId, conversationId, limit);
      readings.push({ ...about, by: 'fetch', given: await orNothing(fetched) });
      const paged = pageAll(projections, userId, conversationId, limit);
      readings.push({ ...about, by: 'history', given: await orNothing(paged) });
      const counted = await recount(projections, oracle, userId, conversationId);
      if (counted !== null) unread.push(counted);
    }
  }
  return { readings, unread };
}

function expectedOf(oracle: Oracle, conversationId: string, userId: string): RecordedMessage[] {
  const conversation = oracle.conversation(conversationId);
  const cleared = oracle.personal.valueOf(userId, conversationId, 'cleared');
  return conversation.messages.flatMap(({ seq, messageId, content }) =>
    seq > cleared && conversation.sees(userId, seq) ? [{ seq, messageId, content }] : [],
  );
}

/** A conversation that is not there is one in which nothing stands. */
function orNothing(given: Promise<RecordedMessage[]>): Promise<RecordedMessage[]> {
  return given.catch((error: unknown) => {
    if (!hasCode(error, 'not_found')) throw error;
    return [];
  });
}

const recorded = (page: HistoryPage): RecordedMessage[] =>
  page.rows.map(({ seq, messageId, encryptedBody: body, system }) => ({
    ...{ seq, messageId },
    content: contentOf({ messageId, body, system }),
  }));

async function fetchAll(projections: Projections, userId: string, conversationId: string, limit: number) {
  const given: RecordedMessage[] = [];
  let [afterSeq, afterAtMs] = [0, 0];
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await projections.history.fetch(userId, { conversationId, afterSeq, afterAtMs, limit });
    given.push(...recorded(page));
    if (!page.more) break;
    [afterSeq, afterAtMs] = [page.coveredTo, page.coveredToAtMs];
  }
  return given;
}

async function pageAll(projections: Projections, userId: string, conversationId: string, limit: number) {
  const given: RecordedMessage[] = [];
  let [beforeSeq, beforeAtMs] = [0, 0];
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await projections.history.before(userId, { conversationId, beforeSeq, beforeAtMs, limit });
    given.unshift(...recorded(page));
    if (!page.more) break;
    beforeSeq = page.coveredFrom;
    beforeAtMs = page.rows[0]?.atMs ?? beforeAtMs;
  }
  return given;
}

/** Messages of others since what the user read, cleared, wrote or joined after; null for who is not a member now. */
async function recount(
  { inbox, receipts }: Projections,
  oracle: Oracle,
  userId: string,
  conversationId: string,
): Promise<RecordedUnread | null> {
  const conversation = oracle.conversation(conversationId);
  const joined = conversation.intervals.get(userId)!.at(-1)!;
  if (joined.leftSeq !== null) return null;
  const marks = await receipts.watermarks(conversationId, userId);
  const read = Math.max(0, ...marks.filter(({ kind }) => kind === 'read').map(({ seq }) => seq));
  const own = conversation.messages.filter((one) => one.senderId === userId && one.messageType !== 'mls');
  const apart = (['read', 'cleared'] as const).map((kind) => oracle.personal.valueOf(userId, conversationId, kind));
  const since = Math.max(read, ...apart, own.at(-1)?.seq ?? 0, joined.joinedSeq - 1);
  const recounted = conversation.messages.filter((one) => one.seq > since && isCountable(one.messageType)).length;
  const entry = await inbox.get(userId, conversationId);
  return { userId, conversationId, shown: entry === null ? -1 : unreadCount(entry), recounted };
}
