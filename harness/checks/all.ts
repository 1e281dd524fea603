/** All checks of a history, and what they found. */
import type { Check } from './check.ts';
import { committedEarly } from './committed-early.ts';
import { disclosed } from './disclosed.ts';
import { diverged } from './diverged.ts';
import { duplicated } from './duplicated.ts';
import { forged } from './forged.ts';
import type { History } from './history.ts';
import { late } from './late.ts';
import { leaked } from './leaked.ts';
import { lost } from './lost.ts';
import { marksDiffer } from './marks-differ.ts';
import { membersDiffer } from './members-differ.ts';
import { misbehaved } from './misbehaved.ts';
import { miscounted } from './miscounted.ts';
import { misjudged } from './misjudged.ts';
import { notNotified } from './not-notified.ts';
import { outOfOrder } from './out-of-order.ts';
import { overclaimed } from './overclaimed.ts';
import { presenceDiffers } from './presence-differs.ts';
import { rebuildDiffers } from './rebuild-differs.ts';
import { refused } from './refused.ts';
import { rereadDiffers } from './reread-differs.ts';
import { shownToOutsiders } from './shown-to-outsiders.ts';
import { turnedAway } from './turned-away.ts';
import { unbounded } from './unbounded.ts';
import { unburied } from './unburied.ts';
import { unsettled } from './unsettled.ts';
import { unticked } from './unticked.ts';

/** For runs whose world is in one hand: what can be asked there alone. */
export const inspections: readonly Check[] = [
  late,
  leaked,
  overclaimed,
  unticked,
  miscounted,
  rereadDiffers,
  rebuildDiffers,
  committedEarly,
  unburied,
  presenceDiffers,
  marksDiffer,
  shownToOutsiders,
  forged,
  turnedAway,
  misbehaved,
  misjudged,
  membersDiffer,
  disclosed,
  unbounded,
];

export const checks: readonly Check[] = [lost, duplicated, outOfOrder, diverged, unsettled, refused, notNotified];

export interface Finding {
  readonly check: Check;
  readonly violations: readonly string[];
}

/** What is wrong; empty if nothing is. */
export function examine(history: History, asked: readonly Check[] = checks): Finding[] {
  return asked
    .map((check) => ({ check, violations: check.find(history) }))
    .filter(({ violations }) => violations.length > 0);
}

/** How many violations of each check, by its name: also of those that found none. */
export function countOf(findings: readonly Finding[], asked: readonly Check[] = checks): Record<string, number> {
  const counts = Object.fromEntries(asked.map(({ name }) => [name, 0]));
  for (const { check, violations } of findings) counts[check.name] = violations.length;
  return counts;
}
