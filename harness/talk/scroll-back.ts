/**
 * What the store holds of every conversation, as somebody sees it who scrolls back to its beginning.
 *
 * Devices that were there got messages as they were routed; only a read shows that the rows behind them were written.
 */
import { acceptedByConversation, type History, type RecordedMessage, type RecordedReading } from '../checks/history.ts';
import type { RecordingClient } from '../world/recording-client.ts';
import type { Player } from './cast.ts';

const pageMessages = 100;
const maxPages = 1_000;

/** One device of each conversation scrolls; one that is not answered has seen nothing. */
export async function scrollBack(players: readonly Player[], history: History): Promise<readonly RecordedReading[]> {
  const accepted = acceptedByConversation(history);
  const scrollers = new Map<string, RecordingClient>();
  for (const { client, conversationId, role } of players) if (role === 'present') scrollers.set(conversationId, client);
  return Promise.all(
    [...scrollers].map(async ([conversationId, client]): Promise<RecordedReading> => {
      const expected = (accepted.get(conversationId) ?? [])
        .map(({ content, verdict }) => ({ seq: verdict.seq, messageId: verdict.messageId, content }))
        .sort((a, b) => a.seq - b.seq);
      const given = await pagesOf(client, conversationId).catch(() => []);
      return { userId: client.device.userId, conversationId, by: 'history', given, expected };
    }),
  );
}

async function pagesOf({ client }: RecordingClient, conversationId: string): Promise<RecordedMessage[]> {
  const given: RecordedMessage[] = [];
  let [beforeSeq, beforeAtMs] = [0, 0];
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await client.history(conversationId, beforeSeq, beforeAtMs, pageMessages);
    const older = page.messages.map(({ seq, message_id, encrypted_body }) => ({
      ...{ seq, messageId: message_id },
      content: encrypted_body.toString(),
    }));
    given.unshift(...older);
    if (!page.more) return given;
    beforeSeq = page.covered_from;
    beforeAtMs = page.messages[0]?.at_ms ?? beforeAtMs;
  }
  throw new Error(`${conversationId} has no end`);
}
