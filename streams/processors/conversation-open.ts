/**
 * Between deciding and projecting: what was sealed is opened, and what has disappeared is left out (design rule 23).
 *
 * The fold decided without looking into the content, so whether a key is still there changes no decision, only what can be shown. A
 * message whose time is over at the moment of reading has no row, no frame and no push, whether its key was destroyed or not:
 * so a replay brings nothing back. A database of keys that does not answer stops the partition. A key that is not there though its
 * time has not come was lost (a database restored from an old copy): the message keeps its seq and is gone, counted, with an alarm.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import type { SealedContent } from '@parley/schemas/generated/state';
import type { Accepted, Withheld } from '../conversation/outcome.ts';
import { type DataKeyId, type DataKeys, dataKeyIdOf } from '../sealing/data-key.ts';
import { openContent } from '../sealing/seal-content.ts';
import type { Decided } from './conversation-decide.ts';

export interface Opened {
  readonly decided: readonly Decided[];
  /** Contents that should have been there still. */
  readonly lost: number;
}

interface Fading {
  readonly index: number;
  readonly accepted: Accepted | Withheld;
}

function fadingOf(decided: readonly Decided[]): Fading[] {
  const fading: Fading[] = [];
  for (const [index, { outcome }] of decided.entries()) {
    if (outcome.kind !== 'accepted' && outcome.kind !== 'withheld') continue;
    if (outcome.expiresAtMs !== null) fading.push({ index, accepted: outcome });
  }
  return fading;
}

function keyIdOf({ sent }: Accepted | Withheld): DataKeyId {
  return dataKeyIdOf(sent.conversation_id, sent.message_id, sent.timer_seconds);
}

function contentOf({ sent }: Accepted | Withheld, key: Buffer | null): SealedContent | null {
  invariant(sent.sealed_content !== null, 'only what is sealed is opened');
  if (key === null) return null;
  const about = { conversationId: sent.conversation_id, messageId: sent.message_id };
  return openContent(key, about, sent.sealed_content);
}

/** @throws ParleyError `unavailable`: the batch is to come again */
export async function openContents(
  decided: readonly Decided[],
  keys: Pick<DataKeys, 'find'>,
  nowMs: number,
): Promise<Opened> {
  const fading = fadingOf(decided);
  if (fading.length === 0) return { decided, lost: 0 };
  const isOver = ({ accepted }: Fading): boolean => accepted.expiresAtMs! <= nowMs;
  const sealed = fading.filter((one) => !isOver(one) && one.accepted.sent.sealed_content !== null);
  const found = sealed.length === 0 ? [] : await keys.find(sealed.map(({ accepted }) => keyIdOf(accepted)));
  const opened = [...decided];
  let lost = 0;
  for (const { index } of fading.filter(isOver)) opened[index] = { ...decided[index]!, isGone: true };
  for (const [position, { index, accepted }] of sealed.entries()) {
    const content = contentOf(accepted, found[position] ?? null);
    if (content === null) lost++;
    opened[index] =
      content === null
        ? { ...decided[index]!, isGone: true }
        : { ...decided[index]!, outcome: { ...accepted, sent: { ...accepted.sent, ...content } } };
  }
  return { decided: opened, lost };
}
