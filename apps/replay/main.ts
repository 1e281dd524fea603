/**
 * `npm run replay -- <command>`: looks into the log of a cell, and derives its projections again from it.
 *
 * `--profile embedded --data DIR` works on the folder of a standalone process, which may be running; `--profile cluster` reads the
 * addresses of the services from the same environment as the apps. With `--json` the last line is one JSON object.
 */
import { processClock } from '@parley/runtime/clock';
import { ConfigError, loadConfig } from '@parley/runtime/config';
import { createLogger } from '@parley/runtime/logger';
import { systemTimers } from '@parley/schemas/environment/system';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Option, Command as Program } from 'commander';
import { pino } from 'pino';
import type { Cell } from './cli/cell.ts';
import type { Command } from './cli/command.ts';
import { openClusterCell, openEmbeddedCell } from './cli/open-cell.ts';
import { runCommand } from './cli/run-command.ts';
import { commands } from './commands/all.ts';
import { config } from './config.ts';

interface CommonOptions {
  readonly profile: 'embedded' | 'cluster';
  readonly data: string;
  readonly json?: boolean;
  readonly [option: string]: unknown;
}

const misconfigured = 78;
const stop = new AbortController();
const environment = {
  clock: processClock(0),
  timers: systemTimers,
  logger: createLogger('replay', process.env['PARLEY_LOG_LEVEL'] ?? 'warn', pino.destination({ fd: 2, sync: true })),
};

function openCell({ profile, data }: CommonOptions): Promise<Cell> {
  return profile === 'embedded'
    ? openEmbeddedCell(data, environment)
    : openClusterCell(loadConfig(config, process.env), environment);
}

function add(program: Program, command: Command): void {
  const added = program.command([command.name, ...(command.args ?? [])].join(' ')).description(command.summary);
  added.addOption(
    new Option('--profile <profile>', 'which kind of cell').choices(['embedded', 'cluster']).default('embedded'),
  );
  added.option(
    '--data <folder>',
    'folder of the standalone process',
    process.env['PARLEY_DATA_DIR'] ?? 'var/standalone',
  );
  added.option('--json', 'one JSON object as the last line');
  for (const option of command.options ?? []) added.addOption(option);
  added.action(async (...given: unknown[]) => {
    const options = given.at(-2) as CommonOptions;
    const args = given
      .slice(0, -2)
      .map((one) => (one === undefined ? '' : String(one)))
      .filter((one) => one !== '');
    const { stdin, stdout, stderr } = process;
    process.exitCode = await runCommand(
      command,
      { args, options },
      {
        ...environment,
        ...{ json: options.json === true, stdin, stdout, stderr, signal: stop.signal },
        openCell: () => openCell(options),
      },
    );
  });
}

/** What happened, and why. */
function causes(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...(error.cause === undefined ? [] : causes(error.cause))] : [];
}

function explain(error: unknown): number {
  if (error instanceof ConfigError) {
    console.error(`replay: ${error.message}`);
    return misconfigured;
  }
  if (stop.signal.aborted) {
    console.error('replay: stopped');
    return 130;
  }
  if (error instanceof ParleyError) console.error(`replay: ${causes(error).join(': ')}`);
  else console.error(error);
  return 2;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}

// Whoever reads the output may have seen enough (`| head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Program('replay').description('looks into the log of a cell, and derives its projections again');
for (const command of commands) add(program, command);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}
