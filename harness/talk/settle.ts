/** Waits until a load's history is as it should be: how long that takes is what is measured, what is left is the failure. */
import { setTimeout as delay } from 'node:timers/promises';
import { checks, examine, type Finding } from '../checks/all.ts';
import type { Check } from '../checks/check.ts';
import { rereadDiffers } from '../checks/reread-differs.ts';
import type { SteadyLoad } from './steady-load.ts';

/** What is asked of a load. */
export const talkChecks: readonly Check[] = [...checks, rereadDiffers];

const examineEveryMs = 250;
const shownOfEach = 4;

/** What the checks still find at the deadline; empty as soon as they find nothing. */
export async function settle(load: SteadyLoad, deadlineMs: number): Promise<Finding[]> {
  for (;;) {
    const findings = await findingsOf(load);
    if (findings.length === 0 || Date.now() > deadlineMs) return findings;
    await delay(examineEveryMs);
  }
}

/** The stores are read when everything is where it should be: what they lack then, nobody will write. */
async function findingsOf(load: SteadyLoad): Promise<Finding[]> {
  const history = load.history();
  const findings = examine(history, checks);
  if (findings.length > 0) return findings;
  return examine({ ...history, readings: await load.scrollBack(history) }, [rereadDiffers]);
}

export function describe(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ check, violations }) => [
    `${check.name} (${violations.length}): ${check.means}`,
    ...violations.slice(0, shownOfEach).map((violation) => `  ${violation}`),
  ]);
}
