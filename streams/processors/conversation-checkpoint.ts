/**
 * Step 5, checkpoint: which states are saved when, and up to where the log may be committed.
 *
 * A batch that reaches the end of its partition is a checkpoint; while there is a backlog, so is every 1,000th record and every
 * 250th millisecond. A checkpoint saves the conversations touched since the last one, each with the offset that its state
 * includes, and only then commits. It leaves out a busy conversation whose window holds many more ids than were decided since
 * it was saved, because it would write them all again for every message; that one waits until it is worth it, for 5 s at most.
 * What is committed never passes the first record that a state left out has not been saved with (invariant 10), and whatever
 * was saved is not decided again, so waiting only means that a crash repeats some of one conversation's last seconds.
 */
import { encodeSnapshot } from '../conversation/snapshot.ts';
import type { RecordBatch } from '../log/log.ts';
import type { ConversationStates, HeldState } from './conversation-states.ts';
import type { FoldStateStore, SavedState } from './ports.ts';

const intervalMs = 250;
const intervalRecords = 1_000;
const maxWaitMs = 5_000;
/** Ids that a save may write again for each one decided since the last. */
const maxIdsPerDecision = 16;
/** Up to here a snapshot is small whatever it repeats. */
const fewIds = 64;
/** States in wait at once; above it all are saved. */
const maxWaiting = 10_000;

interface Unsaved {
  held: HeldState;
  /** Of the first record that the saved state lacks. */
  readonly firstOffset: number;
  readonly sinceMs: number;
  decisions: number;
}

export class PartitionCheckpoint {
  readonly #store: FoldStateStore;
  readonly #states: ConversationStates;
  readonly #unsaved = new Map<string, Unsaved>();
  #records = 0;
  #lastMs: number;
  #committed = -1;
  /** Next offset to be read, if all states are saved. */
  #next = -1;

  constructor(store: FoldStateStore, states: ConversationStates, nowMs: number) {
    this.#store = store;
    this.#states = states;
    this.#lastMs = nowMs;
  }

  /** A record was applied and its effects were carried out; records come in order of offset. */
  applied(conversationId: string, held: HeldState, nowMs: number): void {
    this.#states.hold(conversationId, held);
    const unsaved = this.#unsaved.get(conversationId);
    if (unsaved === undefined) {
      this.#unsaved.set(conversationId, { held, firstOffset: held.offset, sinceMs: nowMs, decisions: 1 });
    } else {
      unsaved.held = held;
      unsaved.decisions += 1;
    }
  }

  /** After a batch was handled whole: true if it is a checkpoint. */
  isDue(batch: RecordBatch, nowMs: number): boolean {
    this.#records += batch.records.length;
    this.#next = batch.records.at(-1)!.offset + 1;
    return this.#next >= batch.endOffset || this.#records >= intervalRecords || nowMs - this.#lastMs >= intervalMs;
  }

  /** Saves what is worth it. Resolves to the offset to commit, or null if that has not moved. */
  async save(nowMs: number): Promise<number | null> {
    await this.#saveThose((one) => this.#isWorthIt(one, nowMs));
    this.#records = 0;
    this.#lastMs = nowMs;
    const commit = this.#committable();
    if (commit <= this.#committed) return null;
    this.#committed = commit;
    return commit;
  }

  /** Saves everything: the partition is quiet, or what came before is to stand. */
  saveAll(): Promise<void> {
    return this.#saveThose(() => true);
  }

  #isWorthIt({ held, sinceMs, decisions }: Unsaved, nowMs: number): boolean {
    const ids = held.state.recent.size;
    const cheap = ids <= fewIds || ids <= decisions * maxIdsPerDecision;
    return cheap || nowMs - sinceMs >= maxWaitMs || this.#unsaved.size >= maxWaiting;
  }

  #committable(): number {
    let first = this.#next;
    for (const { firstOffset } of this.#unsaved.values()) first = Math.min(first, firstOffset);
    return first;
  }

  async #saveThose(isDue: (one: Unsaved) => boolean): Promise<void> {
    const due = [...this.#unsaved].filter(([, one]) => isDue(one)).map(([id, { held }]) => ({ id, held }));
    if (due.length === 0) return;
    await this.#store.save(due.map(({ id, held }) => savedState(id, held)));
    for (const { id, held } of due) {
      this.#states.release(id, held);
      // While this was on its way, the conversation may have gone on: then it is still unsaved, and from where it was.
      if (this.#unsaved.get(id)?.held === held) this.#unsaved.delete(id);
    }
  }
}

function savedState(conversationId: string, { state, offset }: HeldState): SavedState {
  return { conversationId, snapshot: encodeSnapshot(state), offset, writeTimestampUs: state.writeTimestampUs };
}
