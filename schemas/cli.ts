/**
 * The schemas' command line: `check` (offline), `commit` (into the history), `register` (at a registry).
 *
 *   npm run schemas -- check
 *   npm run schemas -- commit
 *   npm run schemas -- register --url http://127.0.0.1:18081/apis/ccompat/v7
 */
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { writeGenerated } from './generate.ts';
import { checkHistory } from './history/check.ts';
import { commitSchemas } from './history/commit.ts';
import type { Compatibility } from './history/compatibility.ts';
import { HistoryFiles } from './history/files.ts';
import { registerHistory } from './registry/register.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const program = new Command('schemas').description('The history of event schemas and the registry that knows it.');

/** With --json, exactly one object as the last line. */
function report(json: boolean | undefined, result: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
  for (const line of lines) (json === true ? console.error : console.log)(line);
  if (json === true) console.log(JSON.stringify(result));
}

program
  .command('check')
  .description('compare events/ with the committed history under each subject’s compatibility')
  .option('--json', 'print one JSON object')
  .action(({ json }: { json?: boolean }) => {
    const findings = checkHistory(new HistoryFiles(root));
    const lines = findings.map(({ subject, problem }) => `${subject} ${problem}`);
    if (findings.length > 0) lines.push('A compatible change is taken by: npm run schemas -- commit');
    else lines.push('events/ is what was committed, and every version could follow those before it.');
    report(json, { ok: findings.length === 0, findings }, lines);
    process.exitCode = findings.length === 0 ? 0 : 1;
  });

program
  .command('commit')
  .description('take compatible changes of events/ into the history')
  .option('--json', 'print one JSON object')
  .addOption(
    new Option('--compatibility <level>', 'of subjects that are new')
      .choices(['FULL_TRANSITIVE', 'BACKWARD_TRANSITIVE'])
      .default('FULL_TRANSITIVE'),
  )
  .action(({ json, compatibility }: { json?: boolean; compatibility: Compatibility }) => {
    const { added, refused } = commitSchemas(new HistoryFiles(root), compatibility);
    if (added.length > 0) writeGenerated();
    const lines = [
      ...added.map(({ subject, version, id }) => `${subject} version ${version} committed with id ${id}`),
      ...refused.flatMap(({ subject, reasons }) => reasons.map((reason) => `${subject} refused: ${reason}`)),
    ];
    if (lines.length === 0) lines.push('Nothing has changed.');
    report(json, { ok: refused.length === 0, added, refused }, lines);
    process.exitCode = refused.length === 0 ? 0 : 1;
  });

program
  .command('register')
  .description('register the whole history, in order, at a registry that speaks Confluent’s API')
  .requiredOption('--url <url>', 'base URL of the registry', process.env['PARLEY_REGISTRY_URL'])
  .option('--json', 'print one JSON object')
  .action(async ({ url, json }: { url: string; json?: boolean }) => {
    const registered = await registerHistory({ url });
    const lines = registered.map(({ subject, version, id }) => `${subject} version ${version} has id ${id}`);
    report(json, { ok: true, registered }, lines);
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
