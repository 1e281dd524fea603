/**
 * The states of the conversations of one assignment: those that the store lacks are held until they are saved, the others
 * are a bounded cache over it (design rule 10).
 *
 * A batch works on a map of its own, so that what it decided becomes visible to the next batch only when its effects were
 * carried out: a batch that fails half way comes again and finds the states that it began with.
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { LRUCache } from 'lru-cache';
import { decodeSnapshot } from '../conversation/snapshot.ts';
import { type ConversationState, initialState } from '../conversation/state.ts';
import type { FoldStateStore, SavedState } from './ports.ts';

export interface HeldState {
  readonly state: ConversationState;
  /** Offset of the last record applied; -1 before the first. */
  readonly offset: number;
}

/** States by conversation, as one batch knows them. */
export type WorkingStates = Map<string, HeldState>;

/** Folds conversations again from the log up to the offset of each: their snapshots have another version. */
export type Rebuild = (offsets: ReadonlyMap<string, number>) => Promise<WorkingStates>;

export class ConversationStates {
  readonly #store: FoldStateStore;
  readonly #saved: LRUCache<string, HeldState>;
  readonly #unsaved = new Map<string, HeldState>();

  constructor(store: FoldStateStore, maxSavedStates: number) {
    this.#store = store;
    this.#saved = new LRUCache({ max: maxSavedStates });
  }

  /** At every assignment: what was cached under another generation is not valid. */
  clear(): void {
    this.#saved.clear();
    this.#unsaved.clear();
  }

  get unsavedCount(): number {
    return this.#unsaved.size;
  }

  /** The states of all conversations named, in one call to the store for those that are not here. */
  async load(conversationIds: Iterable<string>, rebuild: Rebuild): Promise<WorkingStates> {
    const working: WorkingStates = new Map();
    const missing: string[] = [];
    for (const id of conversationIds) {
      const held = this.#unsaved.get(id) ?? this.#saved.get(id);
      if (held === undefined) missing.push(id);
      else working.set(id, held);
    }
    if (missing.length > 0) await this.#loadMissing(missing, working, rebuild);
    return working;
  }

  async #loadMissing(ids: readonly string[], working: WorkingStates, rebuild: Rebuild): Promise<void> {
    const rows = await this.#store.load(ids);
    invariant(rows.length === ids.length, 'the store answers for every state asked for');
    const unreadable = new Map<string, number>();
    ids.forEach((id, index) => {
      const held = heldOf(id, rows[index]!);
      if (held === null) unreadable.set(id, rows[index]!.offset);
      else working.set(id, held);
    });
    if (unreadable.size > 0) for (const [id, held] of await rebuild(unreadable)) working.set(id, held);
  }

  /** The state after a batch whose effects were carried out. */
  hold(conversationId: string, held: HeldState): void {
    this.#saved.delete(conversationId);
    this.#unsaved.set(conversationId, held);
  }

  /** The store has this state: it may be forgotten, unless it is not the last one any more. */
  release(conversationId: string, held: HeldState): void {
    if (this.#unsaved.get(conversationId) !== held) return;
    this.#unsaved.delete(conversationId);
    this.#saved.set(conversationId, held);
  }
}

function heldOf(conversationId: string, row: SavedState | null): HeldState | null {
  if (row === null) return { state: initialState(conversationId), offset: -1 };
  const state = decodeSnapshot(row.snapshot);
  if (state === null) return null;
  invariant(state.conversationId === conversationId, 'a snapshot lies under its own conversation');
  return { state, offset: row.offset };
}
