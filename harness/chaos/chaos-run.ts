/**
 * A chaos run: steady talk, rounds of faults, and after each round at most 60 s until everything is as if nothing had been.
 *
 * In a round people talk whatever happens. When all is repaired they fall silent, and the checks are asked again and again: how long
 * it takes until they find nothing is what is measured, and what they still find at the end of the time is the failure. Meanwhile
 * somebody registers and writes to a friend, which takes an api and a directory that are well. At the end the projections are derived
 * from the log again, and must be the same.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { countOf, examine, type Finding } from '../checks/all.ts';
import { describe, settle, talkChecks } from '../talk/settle.ts';
import { SteadyLoad } from '../talk/steady-load.ts';
import { Director } from './director.ts';
import { newcomersMeet } from './newcomers.ts';
import { departuresOf, type Round } from './plan.ts';
import type { ChaosStage } from './stage.ts';
import { type Verified, verifyAgainstLog } from './verified.ts';

export interface ChaosOutcome {
  readonly faults: number;
  readonly by_kind: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  /** Violations by check. */
  readonly counts: Readonly<Record<string, number>>;
  /** The longest of all rounds; null if one did not converge. */
  readonly converge_max_s: number | null;
  readonly longest_wait_s: number;
  /** The projections against those that the log makes; null if it did not come to that. */
  readonly verify: Verified | null;
  /** What is wrong, in sentences; empty if the run is a good one. */
  readonly wrong: readonly string[];
}

const convergeTimeoutMs = 60_000;
const calmBeforeMs = 1_000;
const calmAfterMs = 1_000;
const holdMs = 1_000;
/** For the last words to be routed. */
const lastWordsMs = 500;

export class ChaosRun {
  readonly #stage: ChaosStage;
  readonly #tell: (line: string) => void;
  readonly #director: Director;
  readonly #convergedMs: (number | null)[] = [];
  readonly #wrong: string[] = [];
  #leftBehind: readonly Finding[] = [];
  #verify: Verified | null = null;

  constructor(stage: ChaosStage, tell: (line: string) => void) {
    this.#stage = stage;
    this.#tell = tell;
    this.#director = new Director(stage, tell);
  }

  async play(rounds: readonly Round[]): Promise<ChaosOutcome> {
    const load = await SteadyLoad.begin(this.#stage.world, departuresOf(rounds));
    this.#tell('everybody talks');
    try {
      let departed = 0;
      for (const [index, round] of rounds.entries()) {
        if (index > 0) load.talk();
        await delay(calmBeforeMs);
        const leaving = round.departuresMs.map((startMs) => this.#depart(load, departed++, startMs));
        await Promise.all([this.#director.play(round.faults), ...leaving]);
        await this.#converge(load, index + 1);
        if (this.#convergedMs.at(-1) === null) break;
      }
      if (!this.#convergedMs.includes(null)) await this.#verifyRows();
      return await this.#outcome(load);
    } finally {
      await load.dismiss();
    }
  }

  /** A device leaves for good, with messages that it was sent and did not acknowledge. */
  async #depart(load: SteadyLoad, index: number, startMs: number): Promise<void> {
    await delay(startMs);
    const leaving = load.departures.slice(index, index + 1);
    load.hold(leaving);
    await delay(holdMs);
    load.lastWords(leaving);
    await delay(lastWordsMs);
    load.fallSilent(leaving);
    this.#tell(`device ${index + 1} of those that leave has left for good`);
  }

  async #converge(load: SteadyLoad, round: number): Promise<void> {
    const repairedAtMs = Date.now();
    this.#tell(`round ${round}: all is repaired`);
    await delay(calmAfterMs);
    load.end();
    const deadlineMs = repairedAtMs + convergeTimeoutMs;
    const newcomers = newcomersMeet(this.#stage.world, convergeTimeoutMs);
    this.#leftBehind = await settle(load, deadlineMs);
    const stranded = await newcomers;
    if (stranded !== null) this.#wrong.push(stranded);
    const isWell = this.#leftBehind.length === 0 && stranded === null;
    const tookMs = isWell ? Date.now() - repairedAtMs : null;
    this.#convergedMs.push(tookMs);
    this.#tell(`round ${round}: ${tookMs === null ? 'DID NOT CONVERGE' : `converged in ${tookMs / 1_000} s`}`);
  }

  async #verifyRows(): Promise<void> {
    const { verify, wrong } = await verifyAgainstLog(this.#stage.replay);
    this.#verify = verify;
    this.#wrong.push(...wrong);
    this.#tell(`derived from the log again and compared: ${JSON.stringify(verify)}`);
  }

  async #outcome(load: SteadyLoad): Promise<ChaosOutcome> {
    const { failures, counts } = this.#director;
    const { crashes, missing } = this.#stage;
    return {
      faults: Object.values(counts).reduce((sum, count) => sum + count, 0),
      by_kind: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b))),
      acknowledged: load.acknowledged,
      counts: countOf(this.#leftBehind.length > 0 ? this.#leftBehind : examine(load.history()), talkChecks),
      converge_max_s: this.#convergedMs.includes(null) ? null : Math.max(...this.#convergedMs.map(Number)) / 1_000,
      longest_wait_s: load.longestWaitMs() / 1_000,
      verify: this.#verify,
      wrong: [
        ...describe(this.#leftBehind),
        ...this.#wrong,
        ...crashes,
        ...failures,
        ...missing.map((name) => `${name} is not up at the end`),
      ],
    };
  }
}
