/** `npm run scenario -- --profile embedded|cluster [--only TEXT] [--json]`: runs the scenarios, one after the other, in one world. */
import { Command, Option } from 'commander';
import { buildAll } from '../world/build.ts';
import { ClusterWorld } from '../world/cluster-world.ts';
import { EmbeddedWorld } from '../world/embedded-world.ts';
import type { Profile } from '../world/world.ts';
import { scenarios } from './all.ts';

const program = new Command('scenario')
  .addOption(new Option('--profile <profile>', 'where they run').choices(['embedded', 'cluster']).default('embedded'))
  .option('--only <text>', 'only scenarios whose name contains the text')
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { profile, only, json } = program.opts<{ profile: Profile; only?: string; json?: boolean }>();

const say = (line: string): void => {
  if (json === true) console.error(line);
  else console.log(line);
};

await buildAll();
const world = profile === 'embedded' ? await EmbeddedWorld.start() : await ClusterWorld.start();
/** In CI a scenario that is left out is a failure, as a suite is. */
const nothingLeftOut = process.env['CI'] === 'true';
let passed = 0;
let failed = 0;
let leftOut = 0;
const chosen = scenarios.filter((scenario) => only === undefined || scenario.name.includes(only));
try {
  for (const scenario of chosen) {
    const startedMs = performance.now();
    const took = (): string => `${Math.round(performance.now() - startedMs)} ms`;
    const missing = (await scenario.missing?.()) ?? null;
    if (missing !== null) {
      if (nothingLeftOut) failed++;
      else leftOut++;
      say(`${nothingLeftOut ? 'FAILED ' : 'left out'} ${scenario.name}: ${missing}`);
      continue;
    }
    try {
      await scenario.run(world);
      passed++;
      say(`ok      ${scenario.name} (${took()})`);
    } catch (error) {
      failed++;
      say(`FAILED  ${scenario.name} (${took()})\n${error instanceof Error ? error.stack : String(error)}`);
    } finally {
      await world.dismiss();
    }
  }
} finally {
  await world.close();
}
for (const problem of world.problems.slice(0, 20)) say(`logged: ${problem.slice(0, 500)}`);
const skipped = scenarios.length - chosen.length + leftOut;
if (json === true) console.log(JSON.stringify({ profile, passed, failed, skipped }));
else say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
