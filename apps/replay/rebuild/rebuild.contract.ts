/** What a rebuild and a comparison do on every store of projections. */
import { systemClock } from '@parley/schemas/environment/system';
import type { LogReader } from '@parley/streams/log/log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FilledGeneration, GenerationAccess } from '../generations/access.ts';
import { type Verification, Verifier } from '../generations/verify.ts';
import { codec, MemoryCell, noTimers, seededRandom } from './cell.fixture.ts';

export interface RebuildWorld {
  readonly access: GenerationAccess;
  close(): Promise<void>;
}

const never = new AbortController().signal;
const how = { isShared: false, maxInFlight: 64 };
const realTimers = {
  ...noTimers,
  after: (delayMs: number, run: () => void) => {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

async function compare(log: LogReader, live: FilledGeneration, shadow: FilledGeneration): Promise<Verification> {
  const positions = await shadow.rebuild.positions();
  return new Verifier({
    ...{ log, codec, live, shadow, positions, catchUp: () => Promise.resolve(), isWritten: true },
    ...{ clock: systemClock, timers: realTimers, signal: never, maxTold: 20 },
  }).run();
}

/** The same generation, but every call on its stores may be the one at which the process dies: it, and all after it, fail. */
function mortal(generation: FilledGeneration, callsLeft: number): FilledGeneration {
  let left = callsLeft;
  const dies = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value === 'function')
          return (...args: unknown[]): unknown => {
            if (left-- <= 0) return Promise.reject(new Error('killed'));
            return Reflect.apply(value, target, args);
          };
        return typeof value === 'object' && value !== null ? dies(value) : value;
      },
    });
  const { conversationProjector, receiptProjector, foldState } = generation.projections;
  return {
    ...generation,
    projections: {
      ...generation.projections,
      conversationProjector: dies(conversationProjector),
      receiptProjector: dies(receiptProjector),
      foldState: dies(foldState),
    },
    rebuild: {
      states: dies(generation.rebuild.states),
      positions: () => generation.rebuild.positions(),
      save: async (position) => {
        if (left-- <= 0) throw new Error('killed');
        await generation.rebuild.save(position);
      },
    },
  };
}

export function rebuildContract(
  name: string,
  make: () => Promise<RebuildWorld>,
  { kills }: { readonly kills: number },
): void {
  describe(`rebuild contract: ${name}`, () => {
    let world: RebuildWorld;
    let live: FilledGeneration;
    let next = 2;
    const cell = new MemoryCell(Math.floor(Math.random() * 1e9));
    beforeAll(async () => {
      world = await make();
      live = await world.access.fill('g1', how);
      cell.talk(600);
      await cell.fill(live);
    });
    afterAll(async () => {
      await live.close();
      await world.close();
    });

    const inShadow = async (test: (shadow: FilledGeneration) => Promise<void>): Promise<void> => {
      const generation = `g${next++}`;
      const shadow = await world.access.fill(generation, how);
      try {
        await test(shadow);
      } finally {
        await shadow.close();
        await world.access.drop(generation);
      }
    };

    it('derives the same in one go, however the log is cut into batches', () =>
      inShadow(async (shadow) => {
        await cell.fill(shadow, 31);
        const { rows, different, moving, byProjection } = await compare(cell, live, shadow);
        expect({ different, moving }).toEqual({ different: 0, moving: 0 });
        for (const projection of ['messages', 'members', 'inbox', 'receipts', 'fold_states'])
          expect(byProjection[projection]!.rows, projection).toBeGreaterThan(0);
        expect(rows).toBeGreaterThan(400);
      }));

    it('killed at any point and started again, it goes on and comes to the same as in one go', () =>
      inShadow(async (shadow) => {
        const random = seededRandom(7);
        let killed = 0;
        for (let run = 0; run < kills; run++) {
          const batchRecords = 3 + Math.floor(random() * 20);
          const dying = cell.rebuild(mortal(shadow, Math.floor(random() * 40)), batchRecords, 30);
          await dying.pass(never).catch((error: Error) => {
            if (error.message !== 'killed') throw error;
            killed += 1;
          });
        }
        expect(killed).toBeGreaterThan(0);
        await cell.fill(shadow, 13);
        expect(await compare(cell, live, shadow)).toMatchObject({ told: [], different: 0, moving: 0 });
        const read = (await shadow.rebuild.positions()).reduce((sum, { records }) => sum + records, 0);
        const there = (await shadow.rebuild.positions()).reduce((sum, { nextOffset }) => sum + nextOffset, 0);
        expect(read).toBe(there);
      }));

    it('killed between the two saves of a state, it makes up for the one that is missing', () =>
      inShadow(async (shadow) => {
        const ownStates = {
          load: (ids: readonly string[]) => shadow.rebuild.states.load(ids),
          save: () => Promise.reject(new Error('killed')),
        };
        const dying = {
          ...shadow,
          rebuild: { ...shadow.rebuild, states: ownStates, positions: () => shadow.rebuild.positions() },
        };
        await expect(cell.rebuild(dying, 50, 100).pass(never)).rejects.toThrow('killed');
        const saves = { ...shadow.projections.foldState, save: () => Promise.reject(new Error('killed')) };
        const load = (ids: readonly string[]) => shadow.projections.foldState.load(ids);
        const dyingLater = { ...shadow, projections: { ...shadow.projections, foldState: { ...saves, load } } };
        await expect(cell.rebuild(dyingLater, 50, 100).pass(never)).rejects.toThrow('killed');
        await cell.fill(shadow, 600);
        expect(await compare(cell, live, shadow)).toMatchObject({ told: [], different: 0, moving: 0 });
      }));

    it('stops in order when it is asked to, and goes on', () =>
      inShadow(async (shadow) => {
        const stop = new AbortController();
        const stopped = await cell.rebuild(shadow, 5).pass(stop.signal, () => stop.abort());
        expect(stopped.isWhole).toBe(false);
        expect(stopped.records).toBeLessThan(600);
        await cell.fill(shadow);
        expect(await compare(cell, live, shadow)).toMatchObject({ told: [], different: 0, moving: 0 });
      }));

    it('rule 10: skips nothing below the states that processors have saved into the generation meanwhile', () =>
      inShadow(async (shadow) => {
        await cell
          .rebuild(mortal(shadow, 30), 5, 10)
          .pass(never)
          .catch(() => undefined); // Half of it is in.
        for await (const page of live.scan.rows('fold_states')) {
          const states = await live.projections.foldState.load(page.map(({ key }) => String(key[0])));
          await shadow.projections.foldState.save(states.filter((state) => state !== null));
        }
        await cell.fill(shadow);
        expect(await compare(cell, live, shadow)).toMatchObject({ told: [], different: 0, moving: 0 });
      }));

    it('names the row, the column and both values of whatever is different: changed, missing, and there without a reason', () =>
      inShadow(async (shadow) => {
        await cell.fill(shadow);
        const { conversationId, userId } = cell.lastDirect;
        const [interval] = await shadow.projections.members.intervalsOf(conversationId, userId);
        const writeTimestampUs = Date.now() * 1_000;
        const { joinedSeq, leftSeq } = interval!;
        await shadow.projections.members.write(
          [{ conversationId, userId, joinedSeq, leftSeq, role: 'admin', writeTimestampUs }],
          [],
        );
        await shadow.projections.members.write(
          [{ conversationId, userId, joinedSeq: 9_999, leftSeq, role: 'member', writeTimestampUs }],
          [],
        );
        const extra = { userId, conversationId, readSeq: 9_999, readOrdinal: 9_999 };
        await shadow.projections.inbox.markRead([extra]);
        const seq = 9_999;
        const receipt = {
          conversationId,
          userId,
          deviceId: userId,
          kind: 'read' as const,
          seq,
          ordinal: seq,
          atMs: cell.nowMs,
        };
        await live.projections.receiptProjector.project([{ ...receipt, conversationId: userId }], []);
        const { different, told, moving } = await compare(cell, live, shadow);
        const names = told.map(({ projection, key, column, live: one, shadow: other }) => [
          projection,
          key,
          column,
          one,
          other,
        ]);
        expect(names).toContainEqual([
          'members',
          `${conversationId}/${userId}/${joinedSeq}`,
          'role',
          'member',
          'admin',
        ]);
        expect(names).toContainEqual(['members', `${conversationId}/${userId}/9999`, null, null, 'there']);
        expect(names).toContainEqual(['receipts', `${userId}/${userId}`, null, 'there', null]);
        expect(
          names.find(
            ([projection, key, column]) =>
              projection === 'inbox' && key === `${userId}/${conversationId}` && column === 'readSeq',
          )?.[4],
        ).toBe('9999');
        expect({ different, moving }).toEqual({ different: 5, moving: 0 });
      }));

    it('names a difference though the live group has not committed what its saved states include', () =>
      inShadow(async (shadow) => {
        await cell.fill(shadow);
        const { conversationId, userId } = cell.lastDirect;
        await shadow.projections.inbox.markRead([{ userId, conversationId, readSeq: 9_998, readOrdinal: 9_998 }]);
        const behind: LogReader = {
          ...{ partitionCount: cell.partitionCount, bounds: cell.bounds.bind(cell), read: cell.read.bind(cell) },
          committed: async (group, topic, partition) =>
            Math.max(0, (await cell.committed(group, topic, partition)) - (group === 'conversation' ? 30 : 0)),
          close: cell.close,
        };
        const { different, told } = await compare(behind, live, shadow);
        expect(told.map(({ projection, key }) => [projection, key])).toContainEqual([
          'inbox',
          `${userId}/${conversationId}`,
        ]);
        expect(different).toBeGreaterThan(0);
      }));

    it('brings back no step of a receipt that is older than steps are kept, but its watermark', () =>
      inShadow(async (shadow) => {
        const old = new MemoryCell(99, Date.now() - 91 * 86_400_000);
        const { conversationId, userId } = old.lastDirect;
        const of = { conversation_id: conversationId, user_id: userId, device_id: userId, kind: 'read' as const };
        old.receipt({ ...of, seq: 4, ordinal: 4, at_ms: old.nowMs });
        old.receipt({ ...of, seq: 6, ordinal: 6, at_ms: Date.now() - 1_000 });
        await old.fill(shadow);
        const { receipts } = shadow.projections;
        expect(await receipts.watermarks(conversationId, userId)).toEqual([{ deviceId: userId, kind: 'read', seq: 6 }]);
        const row = await shadow.scan.get('receipts', [conversationId, userId]);
        expect(row?.steps?.read.map(({ seq }) => seq)).toEqual([6]);
        expect(await receipts.reachedAt(conversationId, userId, 'read', 4)).toBeNull();
      }));
  });
}
