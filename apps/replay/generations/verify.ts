/**
 * Compares the generation that is read with another at the same offset: every row of every projection.
 *
 * The scans find suspects (compare.ts), which are then read again, a few times: a row that was equal once is equal. What is still
 * different must be proven to be: the ends of the log are noted, and both generations are brought to where they hold everything below;
 * the live one when its groups are so far (live-end.ts), the other by a pass of the rebuild, or by itself if processors write into it too.
 * If the pair that was read before is still the same, then neither has more than the other, and the difference is real. A row that goes
 * on changing is looked at again, a bounded number of times; what is left of those is counted apart, as moving: nothing is claimed of it.
 */

import { isCompacted, type RebuildPosition } from '@parley/projections/generations/rebuild-store';
import { scannedProjections } from '@parley/projections/scan/scan';
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { type Clock, pause, type Timers } from '@parley/schemas/environment/clock';
import type { LogReader } from '@parley/streams/log/log';
import { topics } from '@parley/streams/log/topics';
import { inParallel } from '@parley/streams/processors/in-parallel';
import type { OpenedGeneration } from './access.ts';
import { type Difference, differencesOf, type PairObserver, type Suspect, suspects } from './compare.ts';
import { liveReachesTheEnd } from './live-end.ts';

export interface VerifyOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly live: OpenedGeneration;
  readonly shadow: OpenedGeneration;
  readonly positions: readonly RebuildPosition[];
  /** Brings the shadow to the present end of the log; resolves at once where processors write into it. */
  readonly catchUp: () => Promise<void>;
  /** Processors write into the shadow too. */
  readonly isWritten: boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  readonly observe?: PairObserver;
  /** Differences that are told; all are counted. */
  readonly maxTold: number;
}

export interface Verification {
  /** Compared, of both generations together. */
  readonly rows: number;
  /** Rows that are different. */
  readonly different: number;
  /** Rows that changed whenever they were looked at. */
  readonly moving: number;
  readonly byProjection: Readonly<Record<string, { rows: number; different: number }>>;
  readonly told: readonly Difference[];
}

const maxSuspects = 10_000;
/** A shadow that nobody else writes lags behind a busy row whatever is done. */
const rounds = { written: 10, shadow: 3 };
const looksPerRound = 5;
const pauseBetweenLooksMs = 100;
const maxReadsInFlight = 32;

interface Looked {
  readonly suspect: Suspect;
  readonly found: readonly Difference[];
  /** Both rows as they were read. */
  readonly seen: string;
}

export class Verifier {
  readonly #options: VerifyOptions;
  readonly #wasCompacted: boolean;
  readonly #byProjection: Record<string, { rows: number; different: number }> = {};
  readonly #told: Difference[] = [];
  #moving = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#wasCompacted = options.positions.some((one) => one.topic === topics.receipts && isCompacted(one));
  }

  async run(): Promise<Verification> {
    const { live, shadow, signal } = this.#options;
    let waiting: Suspect[] = [];
    for (const projection of scannedProjections) {
      const counts = { rows: 0, different: 0 };
      this.#byProjection[projection] = counts;
      const count: PairObserver = (name, rows) => {
        counts.rows += rows;
        this.#options.observe?.(name, rows);
      };
      for await (const suspect of suspects(projection, live.scan, shadow.scan, this.#wasCompacted, count)) {
        signal.throwIfAborted();
        waiting.push(suspect);
        if (waiting.length < maxSuspects) continue;
        await this.#settle(waiting);
        waiting = [];
      }
    }
    await this.#settle(waiting);
    const sum = (of: 'rows' | 'different') =>
      Object.values(this.#byProjection).reduce((total, one) => total + one[of], 0);
    return {
      rows: sum('rows'),
      different: sum('different'),
      moving: this.#moving,
      byProjection: this.#byProjection,
      told: this.#told,
    };
  }

  async #settle(those: readonly Suspect[]): Promise<void> {
    let open = those;
    for (let round = 0; open.length > 0 && round < rounds[this.#options.isWritten ? 'written' : 'shadow']; round++) {
      await this.#options.catchUp();
      let looked = await this.#look(open);
      for (let look = 1; look < looksPerRound && looked.length > 0; look++) {
        await pause(this.#options.timers, pauseBetweenLooksMs);
        looked = await this.#look(looked.map(({ suspect }) => suspect));
      }
      if (looked.length === 0) return;
      await this.#bothReachTheEnd();
      const before = new Map(looked.map(({ suspect, seen }) => [suspect, seen]));
      const still = await this.#look([...before.keys()]);
      for (const one of still) if (one.seen === before.get(one.suspect)) this.#tell(one);
      open = still.filter((one) => one.seen !== before.get(one.suspect)).map(({ suspect }) => suspect);
    }
    this.#moving += open.length;
  }

  /** Those that are different. */
  async #look(those: readonly Suspect[]): Promise<Looked[]> {
    this.#options.signal.throwIfAborted();
    const { live, shadow } = this.#options;
    const looked = await inParallel(those, maxReadsInFlight, async (suspect): Promise<Looked> => {
      const { projection, key } = suspect;
      const [one, other] = await Promise.all([live.scan.get(projection, key), shadow.scan.get(projection, key)]);
      const found = differencesOf(suspect, one, other, this.#wasCompacted);
      return { suspect, found, seen: JSON.stringify([one?.columns, one?.steps, other?.columns, other?.steps]) };
    });
    return looked.filter(({ found }) => found.length > 0);
  }

  #tell({ suspect, found }: Looked): void {
    this.#byProjection[suspect.projection]!.different += 1;
    this.#told.push(...found.slice(0, Math.max(0, this.#options.maxTold - this.#told.length)));
  }

  async #bothReachTheEnd(): Promise<void> {
    await liveReachesTheEnd(this.#options);
    await this.#options.catchUp();
  }
}
