/** What users keep about conversations for themselves, from the log alone: of each kind the mark of the greatest version. */
import type { PersonalMarkKind, PersonalMarkSet } from '@parley/schemas/generated/events';

export class TrueMarks {
  readonly #standing = new Map<string, PersonalMarkSet>();

  note(event: PersonalMarkSet): void {
    const key = keyOf(event.user_id, event.conversation_id, event.kind);
    const known = this.#standing.get(key);
    const isNewer = known === undefined || event.version > known.version;
    if (isNewer || (event.version === known.version && event.value > known.value)) this.#standing.set(key, event);
  }

  /** 0: nothing. */
  valueOf(userId: string, conversationId: string, kind: PersonalMarkKind): number {
    return this.#standing.get(keyOf(userId, conversationId, kind))?.value ?? 0;
  }

  versionOf(userId: string, conversationId: string, kind: PersonalMarkKind): number {
    return this.#standing.get(keyOf(userId, conversationId, kind))?.version ?? 0;
  }
}

const keyOf = (userId: string, conversationId: string, kind: PersonalMarkKind): string =>
  `${userId}/${conversationId}/${kind}`;
