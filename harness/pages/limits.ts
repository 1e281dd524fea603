/** The table of docs/LIMITS.md: what is limited, to how much, and what happens beyond it and without the limiter's store. */
import {
  beyondIt,
  type CountedWhere,
  type LimitEntry,
  limitTable,
  whenStoreIsDown,
} from '@parley/projections/limits/table';
import { fillSections, table } from '@parley/schemas/pages/marked-sections';

const places: Readonly<Record<CountedWhere, string>> = {
  gateways: 'all gateways together, behind',
  api: 'all of the API together',
  gateway: 'each gateway',
  connection: 'each connection',
};

function windowOf(windowMs: number): string {
  const minutes = windowMs / 60_000;
  const named = new Map([
    [1, 'a minute'],
    [60, 'an hour'],
    [1_440, 'a day'],
  ]);
  return named.get(minutes) ?? `${minutes} min`;
}

function cells([name, entry]: [string, LimitEntry]): string[] {
  const { what, limit, windowMs, per, where, burst } = entry;
  const often = `${limit.toLocaleString('en')} in ${windowOf(windowMs)}`;
  const atOnce = burst === undefined ? '' : `; ${burst.toLocaleString('en')} at once`;
  return [`\`${name}\``, what, often + atOnce, per, places[where], beyondIt[where], whenStoreIsDown[where]];
}

export function fillLimits(page: string): string {
  const header = ['name', 'what is counted', 'limit', 'one count for each', 'counted by', 'beyond it', 'store down'];
  return fillSections(page, new Map([['limits', table(header, Object.entries(limitTable).map(cells))]]));
}
