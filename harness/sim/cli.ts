/** `npm run sim`: runs seeds. */
import { runSeed } from './run-seed.ts';

const seed = Number(process.argv[2] ?? 1);
const startedMs = performance.now();
const result = await runSeed({ seed, activeMs: null, keepsTrace: process.argv.includes('--trace') });
if (process.argv.includes('--trace')) for (const line of result.trace) console.log(line);
console.log(`${result.plan.activeMs} ${[...result.plan.faults].join(' ')}`, JSON.stringify(result.plan.shape));
for (const { check, details } of result.violations) for (const one of details.slice(0, 8)) console.log(check, one);
console.log(
  result.seed,
  result.hash,
  result.events,
  'events',
  result.accepted,
  'accepted',
  Math.round(performance.now() - startedMs),
  'ms',
);
