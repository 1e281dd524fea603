/** The page of the configuration says what the programs do, and no program starts on a configuration that is not fit. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadConfig } from '@parley/runtime/config';
import { describeKeys } from '@parley/runtime/describe-config';
import { describe, expect, it } from 'vitest';
import { type ConfiguredApp, configuredApps, fillConfiguration } from './configuration.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly printed: string;
}

function run(app: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const program = ['--conditions=parley-source', '--import', 'tsx', `${root}/apps/${app}/main.ts`];
    const child = spawn(process.execPath, program, { cwd: root, env: { PATH: process.env['PATH'] ?? '', ...env } });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (printed += text.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, printed }));
  });
}

function problemsOf({ config, unfit }: ConfiguredApp, env: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig(config, env, unfit as never);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const canary = 'canary-7f3a';

/** A value that the key refuses, wherever its type refuses any; it could be a secret that was put into the wrong place. */
function wrongValues({ config }: ConfiguredApp): Record<string, string> {
  const wrong = Object.entries(config.shape).filter(
    ([, type]) => !(type as { safeParse(value: unknown): { success: boolean } }).safeParse(canary).success,
  );
  return Object.fromEntries(wrong.map(([key]) => [key, canary]));
}

describe('docs/CONFIGURATION.md', () => {
  it('says what the schemas say: run `npm run pages`', () => {
    const page = readFileSync(`${root}/docs/CONFIGURATION.md`, 'utf8');
    expect(fillConfiguration(page)).toBe(page);
  });

  it('describes every key of every program', () => {
    for (const { name, config } of configuredApps) {
      for (const { key, description } of describeKeys(config)) expect(description, `${name} ${key}`).toMatch(/\w{3,}/);
    }
  });
});

describe.each(configuredApps.map((app) => [app.name, app] as const))('%s', (name, app) => {
  it('names every key that it lacks', () => {
    const lacking = describeKeys(app.config).filter(({ required }) => required);
    const problems = problemsOf(app, { NODE_ENV: 'test' });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual(lacking.map(({ key }) => key));
  });

  it('names every key that is wrong, and prints no value', () => {
    const wrong = wrongValues(app);
    expect(Object.keys(wrong)).toContain('PARLEY_OPERATIONS_PORT');
    const problems = problemsOf(app, wrong).join('\n');
    for (const key of Object.keys(wrong)) expect(problems).toContain(`${key}: `);
    expect(problems).not.toContain(canary);
  });

  it('names what is unsafe in production beside what is missing', () => {
    const problems = problemsOf(app, { PARLEY_CLOCK_OFFSET_MS: '5' }).join('\n');
    expect(problems).toContain('PARLEY_CLOCK_OFFSET_MS: ');
    for (const { key, required } of describeKeys(app.config)) if (required) expect(problems).toContain(`${key}: `);
  });

  it('ends with exit code 78, the names and no value', async () => {
    const { NODE_ENV: _, ...wrong } = wrongValues(app);
    const lacking = describeKeys(app.config).filter(({ required, secret }) => required && !secret);
    for (const { key } of lacking) delete wrong[key];
    const { status, printed } = await run(name, { ...wrong, PARLEY_CLOCK_OFFSET_MS: '5' });
    expect([status, printed]).toEqual([78, expect.stringContaining(`${name}: the configuration is not valid`)]);
    const named = [...Object.keys(wrong), ...lacking.map(({ key }) => key), 'PARLEY_CLOCK_OFFSET_MS'];
    for (const key of named) expect(printed).toContain(`${key}: `);
    expect(printed).not.toContain(canary);
  }, 60_000);
});
