/**
 * Personal marks of a batch as what is left of them: one of each user, conversation and kind.
 *
 * Of two the greater version stands, and the greater value of two with the same, as the stores have it; what a user has cleared or
 * read for themselves is a watermark, whose version is its value. So neither the order of the records matters nor what a compaction
 * took from the log, as long as each device's last mark of a kind is left, and that is what the records' keys say.
 */
import type { PersonalMarkSet } from '@parley/schemas/generated/events';
import type { PersonalMark } from './ports.ts';

export function mergeMarks(events: readonly PersonalMarkSet[]): readonly PersonalMark[] {
  const standing = new Map<string, PersonalMark>();
  for (const event of events) {
    const mark = markOf(event);
    if (mark === null) continue;
    const key = `${mark.conversationId}/${mark.userId}/${mark.kind}`;
    const known = standing.get(key);
    if (known === undefined || isGreater(mark, known)) standing.set(key, mark);
  }
  return [...standing.values()];
}

/** Null for a kind of a later build, which is none of this one's columns. */
function markOf(event: PersonalMarkSet): PersonalMark | null {
  const { conversation_id: conversationId, user_id: userId, kind, value, ordinal } = event;
  if (kind === 'other') return null;
  const version = kind === 'cleared' || kind === 'read' ? value : event.version;
  return { conversationId, userId, kind, value, ordinal, version };
}

function isGreater(mark: PersonalMark, than: PersonalMark): boolean {
  if (mark.version !== than.version) return mark.version > than.version;
  return mark.value !== than.value ? mark.value > than.value : mark.ordinal > than.ordinal;
}
