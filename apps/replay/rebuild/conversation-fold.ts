/**
 * chat.messages again, by the production code: decode, decide, evolve, rows, projector. It can neither route nor push, because it has
 * nothing to do it with, and buries no poison, because that was done when the record was met first.
 *
 * The states are the rebuild's own (rebuild-store.ts says why). Each is saved for the generation first, where the greater write
 * timestamp stays, whoever else writes there, and then for the rebuild: killed in between, it decides the same events again.
 */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { LogRecord } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { PartitionCheckpoint } from '@parley/streams/processors/conversation-checkpoint';
import { decideSlice } from '@parley/streams/processors/conversation-decide';
import { decodeConversationRecords } from '@parley/streams/processors/conversation-decode';
import { openContents } from '@parley/streams/processors/conversation-open';
import { buildRows, isEmpty } from '@parley/streams/processors/conversation-rows';
import { ConversationStates } from '@parley/streams/processors/conversation-states';
import type { PoisonSink } from '@parley/streams/processors/decode-batch';
import type { ConversationProjector, FoldStateStore } from '@parley/streams/processors/ports';
import type { DataKeys } from '@parley/streams/sealing/data-key';
import type { Fold } from './fold.ts';

export interface ConversationFoldOptions {
  readonly codec: EventCodec;
  readonly clock: Clock;
  readonly projector: ConversationProjector;
  readonly dataKeys: Pick<DataKeys, 'find'>;
  /** The rebuild's own, and the generation's. */
  readonly ownStates: FoldStateStore;
  readonly states: FoldStateStore;
}

export const alreadyBuried: PoisonSink = { bury: () => Promise.resolve() };

const maxCachedStates = 100_000;
const maxRecipientsPerSlice = 20_000;

export class ConversationFold implements Fold {
  readonly topic = topics.messages;
  readonly #options: ConversationFoldOptions;
  readonly #store: FoldStateStore;
  readonly #states: ConversationStates;
  readonly #checkpoints = new Map<number, PartitionCheckpoint>();

  constructor(options: ConversationFoldOptions) {
    const { ownStates, states } = options;
    this.#options = options;
    this.#store = {
      load: (conversationIds) => ownStates.load(conversationIds),
      save: async (saved) => {
        await states.save(saved);
        await ownStates.save(saved);
      },
    };
    this.#states = new ConversationStates(this.#store, maxCachedStates);
  }

  async apply(partition: number, records: readonly LogRecord[]): Promise<void> {
    const { codec, clock, projector, dataKeys } = this.#options;
    const events = await decodeConversationRecords(records, codec, alreadyBuried);
    const ids = new Set(events.map(({ conversationId }) => conversationId));
    const working = await this.#states.load(ids, () => {
      throw new ParleyError('conflict', {
        detail: 'the generation was begun by another version: rebuild it with --restart',
      });
    });
    const checkpoint = this.#checkpointOf(partition);
    for (let next = 0; next < events.length; ) {
      const slice = decideSlice(events, next, working, maxRecipientsPerSlice);
      const { decided } = await openContents(slice.decided, dataKeys, clock.nowMs());
      const rows = buildRows(decided);
      if (!isEmpty(rows)) await projector.project(rows);
      const nowMs = clock.nowMs();
      for (const { conversationId, offset, state } of slice.decided)
        checkpoint.applied(conversationId, { state, offset }, nowMs);
      if (slice.halted !== null) {
        const { event, code } = slice.halted;
        throw new ParleyError(code, {
          detail: `${this.topic}/${partition} at ${event.offset}: the live partition waits too`,
        });
      }
      next = slice.next;
    }
  }

  checkpoint(partition: number): Promise<void> {
    return this.#checkpointOf(partition).saveAll();
  }

  #checkpointOf(partition: number): PartitionCheckpoint {
    let checkpoint = this.#checkpoints.get(partition);
    if (checkpoint === undefined) {
      checkpoint = new PartitionCheckpoint(this.#store, this.#states, this.#options.clock.nowMs());
      this.#checkpoints.set(partition, checkpoint);
    }
    return checkpoint;
  }
}
