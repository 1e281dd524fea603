/** What the store and each device that is there show of what users keep about conversations, beside what the log says. */
import { flagKinds, type InboxEntry, unreadCount } from '@parley/projections/inbox/store';
import type { Projections } from '@parley/projections/projections';
import type { ListedConversation } from '@parley/sdk/conversation-list';
import type { RecordedMarks } from '../checks/history.ts';
import type { Oracle } from './oracle.ts';
import type { World } from './world.ts';

export async function recordedMarks(
  { inbox }: Pick<Projections, 'inbox'>,
  world: World,
  oracle: Oracle,
): Promise<RecordedMarks[]> {
  const found: RecordedMarks[] = [];
  for (const [conversationId, conversation] of oracle.conversations) {
    for (const userId of conversation.intervals.keys()) {
      const entry = await inbox.get(userId, conversationId);
      if (entry === null) continue;
      const about = { userId, conversationId };
      found.push({
        ...about,
        toldTo: 'the store',
        shown: stored(entry),
        actual: trueFlags(oracle, userId, conversationId),
      });
      for (const device of world.people) {
        if (device.userId !== userId || device.isOut || !device.isConnected || !device.isSynced) continue;
        const listed = device.client?.list.get(conversationId) ?? null;
        const actual = `${stored(entry)}, ${unreadCount(entry)} unread`;
        found.push({ ...about, toldTo: device.name, shown: listed === null ? 'nothing' : shown(listed), actual });
      }
    }
  }
  return found;
}

function stored({ flags, clearedSeq }: InboxEntry): string {
  return textOf(
    flagKinds.map((kind) => flags[kind]?.value ?? 0),
    clearedSeq,
  );
}

function trueFlags({ personal }: Oracle, userId: string, conversationId: string): string {
  const values = flagKinds.map((kind) => personal.valueOf(userId, conversationId, kind));
  return textOf(values, personal.valueOf(userId, conversationId, 'cleared'));
}

function shown(one: ListedConversation): string {
  const flags = [one.pinnedAtMs ?? 0, Number(one.isArchived), one.mutedUntilMs ?? 0, Number(one.isMarkedUnread)];
  return `${textOf(flags, one.clearedSeq)}, ${one.unreadCount} unread`;
}

const textOf = (flags: readonly number[], clearedSeq: number): string =>
  `${flagKinds.map((kind, index) => `${kind} ${flags[index]}`).join(', ')}, cleared ${clearedSeq}`;
