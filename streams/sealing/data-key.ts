/**
 * The keys under which the log holds what disappears: one for each conversation, day and timer, destroyed on time (design rule 23).
 *
 * The day is that of the message's ULID, so that a send that is tried again around midnight is sealed as before. A message is
 * accepted within the window around its ULID's time, so once the timer and that window have passed after the end of the day,
 * everything that the key sealed has expired, and the key goes. What expired earlier that day is readable in the log until then, and
 * nowhere else (docs/adr/0011-disappearing-messages.md).
 */
import { messageIdTimeMs } from '@parley/schemas/identity/message-id';
import { maxMessageIdWindowMs } from '../conversation/rules.ts';

const dayMs = 86_400_000;
/** Half of it seals, half of it draws nonces. */
export const dataKeyBytes = 64;

export interface DataKeyId {
  readonly conversationId: string;
  /** Days since the Unix epoch, in UTC. */
  readonly day: number;
  readonly timerSeconds: number;
}

/** For maps and stores: no two keys have the same. */
export function dataKeyName({ conversationId, day, timerSeconds }: DataKeyId): string {
  return `${conversationId}/${day}/${timerSeconds}`;
}

/** The keys, as those see them who seal and open. */
export interface DataKeys {
  /** The key, made if it is not there yet. @throws ParleyError `unavailable`, `out_of_window` if its time is over or far off */
  obtain(id: DataKeyId): Promise<Buffer>;
  /** In the order given; null for one that was destroyed. @throws ParleyError `unavailable` */
  find(ids: readonly DataKeyId[]): Promise<readonly (Buffer | null)[]>;
}

export const dayOf = (timeMs: number): number => Math.floor(timeMs / dayMs);

/** @param messageId a valid one */
export function dataKeyIdOf(conversationId: string, messageId: string, timerSeconds: number): DataKeyId {
  return { conversationId, day: dayOf(messageIdTimeMs(messageId)), timerSeconds };
}

/** From when on nothing that the key sealed may be read. */
export function destroyAtMs({ day, timerSeconds }: DataKeyId): number {
  return (day + 1) * dayMs + timerSeconds * 1_000 + maxMessageIdWindowMs;
}
