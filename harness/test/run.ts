/** `npm test`: every suite, and as the very last line how many checks passed and failed. */
import { Command } from 'commander';
import { runSuites } from './run-suites.ts';
import { suites } from './suites.ts';

const names = suites.map((suite) => suite.name).join(', ');
const program = new Command('test').argument('[suites...]', `which of ${names}; all if none is named`);
program.parse();

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interruption.abort());

try {
  const { passed, failed } = await runSuites(suites, {
    only: program.args,
    nothingLeftOut: process.env['CI'] === 'true',
    print: (line) => console.log(line),
    signal: interruption.signal,
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
