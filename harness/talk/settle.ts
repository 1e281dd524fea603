/** Waits until a load's history is as it should be: how long that takes is what is measured, what is left is the failure. */
import { setTimeout as delay } from 'node:timers/promises';
import { checks, examine, type Finding } from '../checks/all.ts';
import type { SteadyLoad } from './steady-load.ts';

const examineEveryMs = 250;
const shownOfEach = 4;

/** What the checks still find at the deadline; empty as soon as they find nothing. */
export async function settle(load: SteadyLoad, deadlineMs: number): Promise<Finding[]> {
  for (;;) {
    const findings = examine(load.history(), checks);
    if (findings.length === 0 || Date.now() > deadlineMs) return findings;
    await delay(examineEveryMs);
  }
}

export function describe(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ check, violations }) => [
    `${check.name} (${violations.length}): ${check.means}`,
    ...violations.slice(0, shownOfEach).map((violation) => `  ${violation}`),
  ]);
}
