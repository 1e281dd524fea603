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
import { delivered, neverArrived, neverSent, retriedAndRefused } from './trace.ts';

const inspections: readonly Inspection[] = [
  ...[asItStood, unknownConversation],
  ...[delivered, neverArrived, retriedAndRefused, neverSent],
  ...[bothFormats, sealedByItself, tamperedFile],
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
const surroundings = { world, replay: replayIn(world) };
let passed = 0;
let failed = 0;
const chosen = inspections.filter(({ name }) => name.includes(only));
try {
  for (const { name, run } of chosen) {
    const startedMs = performance.now();
    try {
      await run(surroundings);
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
if (json) console.log(JSON.stringify({ profile, passed, failed, skipped: inspections.length - chosen.length }));
else say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
