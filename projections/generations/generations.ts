/**
 * The projections as apps use them: reads go to the generation that the pointer names, writes to all that it names.
 *
 * An operation picks its generation once and stays with it: a page of history whose inbox row came from one generation and whose rows
 * came from another would claim what the other does not hold yet. A write has happened when every generation has it; before, nobody is
 * told. With one generation an operation costs a look at the clock and a call.
 *
 * Two generations may differ for a moment in which fold state they hold, when a process died between the two saves. The state that
 * includes more is true of both, because its rows went to both before it was saved; so it is taken, and given to the other.
 */
import type { Clock, Timers } from '@parley/schemas/environment/clock';
import type { FoldStateStore, SavedState } from '@parley/streams/processors/ports';
import type { Logger } from 'pino';
import type { Projections } from '../projections.ts';
import { PointerLease, settleMs } from './lease.ts';
import type { Generation, PointerStore, ProjectionPointer } from './pointer.ts';

export interface GenerationsOptions<Opened extends Projections> {
  readonly store: PointerStore;
  readonly open: (generation: Generation) => Promise<Opened>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** A generation is written from now on beside the one that is read; called in the same turn in which that begins. */
  readonly joined?: (joined: Opened, read: Opened) => void;
}

interface Current<Opened> {
  readonly read: Opened;
  readonly write: readonly Opened[];
}

export class Generations<Opened extends Projections> {
  readonly #options: GenerationsOptions<Opened>;
  readonly #lease: PointerLease;
  readonly #opened = new Map<Generation, Opened>();
  #current: Current<Opened> | null = null;

  private constructor(options: GenerationsOptions<Opened>) {
    this.#options = options;
    this.#lease = new PointerLease({ ...options, adopt: (pointer) => this.#adopt(pointer) });
  }

  static async open<Opened extends Projections>(options: GenerationsOptions<Opened>): Promise<Generations<Opened>> {
    const generations = new Generations(options);
    await generations.#lease.start();
    return generations;
  }

  /** @throws ParleyError `unavailable` without a lease */
  get read(): Opened {
    this.#lease.check();
    return this.#current!.read;
  }

  /** @throws ParleyError `unavailable` without a lease */
  get write(): readonly Opened[] {
    this.#lease.check();
    return this.#current!.write;
  }

  async close(): Promise<void> {
    await this.#lease.close();
    await Promise.all([...this.#opened.values()].map((one) => one.close()));
    this.#opened.clear();
    await this.#options.store.close();
  }

  async #adopt({ version, read, write }: ProjectionPointer): Promise<void> {
    const { open, logger, timers, joined } = this.#options;
    for (const generation of write) {
      if (!this.#opened.has(generation)) this.#opened.set(generation, await open(generation));
    }
    const named = (generation: Generation): Opened => this.#opened.get(generation)!;
    const before = this.#current;
    this.#current = { read: named(read), write: write.map(named) };
    for (const one of this.#current.write) {
      if (one !== this.#current.read && !(before?.write.includes(one) ?? false)) joined?.(one, this.#current.read);
    }
    if (before !== null) logger.info({ version, read, write }, 'the projection pointer has moved');
    const left = [...this.#opened].filter(([generation]) => !write.includes(generation));
    for (const [generation, one] of left) {
      this.#opened.delete(generation);
      // What began before this moment may still be at it.
      timers.after(settleMs, () => {
        one.close().catch((error: unknown) => logger.warn({ err: error, generation }, 'a generation was not closed'));
      });
    }
  }
}

/** Resolves when all have it. @throws the first failure, once nothing is on its way any more */
async function all<Opened>(those: readonly Opened[], work: (one: Opened) => Promise<void>): Promise<void> {
  if (those.length === 1) return work(those[0]!);
  const failed = (await Promise.allSettled(those.map(work))).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The projections on whatever the pointer says at the moment of each operation. */
export function followPointer<Opened extends Projections>(of: Generations<Opened>): Projections {
  return {
    messages: {
      write: async (rows) => all(of.write, (one) => one.messages.write(rows)),
      scan: async (scan) => of.read.messages.scan(scan),
      find: async (...where) => of.read.messages.find(...where),
    },
    members: {
      write: async (members, conversations) => all(of.write, (one) => one.members.write(members, conversations)),
      view: async (conversationId) => of.read.members.view(conversationId),
      intervalsOf: async (...where) => of.read.members.intervalsOf(...where),
    },
    inbox: {
      write: async (rows) => all(of.write, (one) => one.inbox.write(rows)),
      markRead: async (marks) => all(of.write, (one) => one.inbox.markRead(marks)),
      mark: async (marks) => all(of.write, (one) => one.inbox.mark(marks)),
      list: async (...where) => of.read.inbox.list(...where),
      get: async (...where) => of.read.inbox.get(...where),
    },
    receipts: {
      write: async (rows) => all(of.write, (one) => one.receipts.write(rows)),
      watermarks: async (...where) => of.read.receipts.watermarks(...where),
      reachedAt: async (...where) => of.read.receipts.reachedAt(...where),
    },
    foldState: {
      load: async (conversationIds) => loadFurthest(of.write, conversationIds),
      save: async (states) => all(of.write, (one) => one.foldState.save(states)),
    },
    conversationProjector: {
      project: async (rows) => all(of.write, (one) => one.conversationProjector.project(rows)),
    },
    receiptProjector: {
      project: async (...what) => all(of.write, (one) => one.receiptProjector.project(...what)),
    },
    messageLookup: { find: async (...where) => of.read.messageLookup.find(...where) },
    inboxLookup: { entryOf: async (...where) => of.read.inboxLookup.entryOf(...where) },
    memberLookup: {
      currentMembers: async (conversationId) => of.read.memberLookup.currentMembers(conversationId),
      currentJoins: async (conversationId) => of.read.memberLookup.currentJoins(conversationId),
    },
    history: {
      fetch: async (...query) => of.read.history.fetch(...query),
      before: async (...query) => of.read.history.before(...query),
      around: async (...query) => of.read.history.around(...query),
      membersThen: async (...query) => of.read.history.membersThen(...query),
      withheld: async (...query) => of.read.history.withheld(...query),
    },
    close: () => of.close(),
  };
}

type WithStates = { readonly foldState: FoldStateStore };

async function loadFurthest(
  those: readonly WithStates[],
  conversationIds: readonly string[],
): Promise<ReadonlyArray<SavedState | null>> {
  if (those.length === 1) return those[0]!.foldState.load(conversationIds);
  const held = await Promise.all(those.map((one) => one.foldState.load(conversationIds)));
  const furthest = conversationIds.map((_, index) => {
    const states = held.map((states) => states[index] ?? null);
    return states.reduce((best, state) => (state !== null && state.offset > (best?.offset ?? -1) ? state : best), null);
  });
  await Promise.all(
    those.map(async ({ foldState }, at) => {
      const behind = furthest.filter(
        (state, index) => state !== null && state.offset > (held[at]![index]?.offset ?? -1),
      );
      if (behind.length > 0) await foldState.save(behind.filter((state) => state !== null));
    }),
  );
  return furthest;
}
