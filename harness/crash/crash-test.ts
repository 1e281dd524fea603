/**
 * A crash test: steady load, a harm, its repair, and then at most 60 s until everything is as if nothing had been.
 *
 * The checks are asked again and again after the repair: how long it takes until they find nothing is what is measured, and what
 * they still find at the end of the time is the failure.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { countOf } from '../checks/all.ts';
import { describe, settle, talkChecks } from '../talk/settle.ts';
import { SteadyLoad } from '../talk/steady-load.ts';
import type { BaseWorld } from '../world/base-world.ts';

export interface CrashTest<S extends { readonly world: BaseWorld }> {
  readonly name: string;
  /** Does the harm (and says `load.fallSilent()` then), waits for `downMs`, and repairs. Resolves to what else is wrong. */
  harm(stage: S, load: SteadyLoad, downMs: number): Promise<readonly string[]>;
}

export interface CrashResult {
  readonly name: string;
  readonly passed: boolean;
  /** Messages that were accepted. */
  readonly acknowledged: number;
  /** Violations of each check. */
  readonly counts: Readonly<Record<string, number>>;
  /** From the repair to the moment when every check held; null if that did not come. */
  readonly converge_s: number | null;
  /** The longest that a message waited for its verdict: what the most unlucky sender saw. */
  readonly longest_wait_s: number;
  readonly details: readonly string[];
}

const convergeTimeoutMs = 60_000;
const beforeHarmMs = 2_000;
const holdMs = 1_000;
/** For the last words to be routed. */
const lastWordsMs = 500;
const afterRepairMs = 2_000;

export async function runCrashTest<S extends { readonly world: BaseWorld }>(
  { name, harm }: CrashTest<S>,
  stage: S,
  downMs: number,
): Promise<CrashResult> {
  const load = await SteadyLoad.begin(stage.world);
  const problemsBefore = stage.world.problems.length;
  try {
    await delay(beforeHarmMs);
    load.hold();
    await delay(holdMs);
    load.lastWords();
    await delay(lastWordsMs);
    const wrong = await harm(stage, load, downMs);
    const repairedAtMs = Date.now();
    await delay(afterRepairMs);
    load.end();
    const findings = await settle(load, repairedAtMs + convergeTimeoutMs);
    const passed = findings.length === 0 && wrong.length === 0;
    return {
      name,
      passed,
      acknowledged: load.acknowledged,
      counts: countOf(findings, talkChecks),
      converge_s: findings.length === 0 ? (Date.now() - repairedAtMs) / 1_000 : null,
      longest_wait_s: load.longestWaitMs() / 1_000,
      details: passed
        ? []
        : [...wrong, ...describe(findings), ...stage.world.problems.slice(problemsBefore, problemsBefore + 10)],
    };
  } finally {
    await load.dismiss();
  }
}
