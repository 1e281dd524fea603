/**
 * Configuration from the environment: validated whole before anything starts, every key described, secrets also from files.
 *
 * A main has a zod object whose keys are the variables' names. `NAME_FILE` in the environment stands for `NAME` with the content
 * of that file, so that secrets need not be in the environment.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

function readValue(key: string, env: Environment, problems: string[]): string | undefined {
  const file = env[`${key}_FILE`];
  if (file === undefined) return env[key] === '' ? undefined : env[key];
  if (env[key] !== undefined) problems.push(`${key}: given both directly and as ${key}_FILE`);
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${key}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    return undefined;
  }
}

/** @throws ConfigError naming every key that is missing or wrong; never a value, it may be a secret. */
export function loadConfig<S extends z.ZodObject>(schema: S, env: Environment): z.infer<S> {
  const problems: string[] = [];
  const input: Record<string, string | undefined> = {};
  for (const key of Object.keys(schema.shape)) input[key] = readValue(key, env, problems);
  const result = schema.safeParse(input);
  if (!result.success) {
    for (const issue of result.error.issues) problems.push(`${issue.path.join('.') || '(all)'}: ${issue.message}`);
  }
  if (problems.length > 0 || !result.success) throw new ConfigError(problems);
  return result.data;
}

/** `KEY: description` for every key, for `--help` and the documentation. */
export function describeConfig(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape).map(([key, type]) => `${key}: ${(type as z.ZodType).description ?? ''}`);
}

/** A boolean variable: true or false, nothing else. */
export const flag = (byDefault: boolean) =>
  z
    .enum(['true', 'false'])
    .default(byDefault ? 'true' : 'false')
    .transform((text) => text === 'true');

/** A whole number in a range. */
export const whole = (least: number, most: number, byDefault: number) =>
  z.coerce.number().int().min(least).max(most).default(byDefault);

/** A comma-separated list. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);
