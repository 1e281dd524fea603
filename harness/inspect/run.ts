/** `npm run inspect -- --profile embedded|cluster [--only TEXT] [--json]`: what `npm run replay` tells of a cell in which something happened. */
import { Command, Option } from 'commander';
import { buildAll } from '../world/build.ts';
import { ClusterWorld } from '../world/cluster-world.ts';
import { EmbeddedWorld } from '../world/embedded-world.ts';
import type { Profile } from '../world/world.ts';
import { sealedByItself, tamperedFile } from './audit.ts';
import { bothFormats } from './export.ts';
import type { Inspection } from './inspection.ts';
import { replayIn } from './replay-command.ts';
import { asItStood, unknownConversation } from './show.ts';
import { stockConsumer } from './stock-tools.ts';
import { delivered, neverArrived, neverSent, retriedAndRefused } from './trace.ts';

const inspections: readonly Inspection[] = [
  ...[asItStood, unknownConversation],
  ...[delivered, neverArrived, retriedAndRefused, neverSent],
  ...[bothFormats, stockConsumer, sealedByItself, tamperedFile],
];

const program = new Command('inspect')
  .addOption(new Option('--profile <profile>', 'where').choices(['embedded', 'cluster']).default('embedded'))
  .option('--only <text>', 'only those whose name contains the text')
  .option('--json', 'print one JSON object as the last line');
program.parse();
const { profile, only = '', json = false } = program.opts<{ profile: Profile; only?: string; json?: boolean }>();
const say = (line: string): void => (json ? console.error(line) : console.log(line));

await buildAll();
const world = profile === 'embedded' ? await EmbeddedWorld.start() : await ClusterWorld.start();
const surroundings = { world, replay: replayIn(world), replayUntilTold: replayIn(world, 5_000) };
let passed = 0;
let failed = 0;
let leftOut = 0;
/** In CI an inspection that is left out is a failure, as a suite is. */
const nothingLeftOut = process.env['CI'] === 'true';
const here = inspections.filter(({ profiles }) => profiles?.includes(profile) ?? true);
const chosen = here.filter(({ name }) => name.includes(only));
try {
  for (const inspection of chosen) {
    const { name } = inspection;
    const startedMs = performance.now();
    const missing = (await inspection.missing?.()) ?? null;
    if (missing !== null) {
      if (nothingLeftOut) failed += 1;
      else leftOut += 1;
      say(`${nothingLeftOut ? 'FAILED  ' : 'left out'} ${name}: ${missing}`);
      continue;
    }
    try {
      await inspection.run(surroundings);
      passed += 1;
      say(`ok      ${name} (${Math.round(performance.now() - startedMs)} ms)`);
    } catch (error) {
      failed += 1;
      say(`FAILED  ${name}\n${error instanceof Error ? error.stack : String(error)}`);
    } finally {
      await world.dismiss();
    }
  }
} finally {
  await world.close();
}
for (const problem of world.problems.slice(0, 20)) say(`logged: ${problem.slice(0, 500)}`);
if (json) console.log(JSON.stringify({ profile, passed, failed, skipped: here.length - chosen.length + leftOut }));
else say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
