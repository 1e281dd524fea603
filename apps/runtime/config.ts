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

/** What makes a configuration unfit although every value is valid; each begins with the key's name. Keys may be missing here. */
export type Unfit<S extends z.ZodObject> = (values: Partial<z.infer<S>>) => readonly string[];

/** @throws ConfigError naming every key that is missing, wrong or unsafe; never a value, it may be a secret. */
export function loadConfig<S extends z.ZodObject>(schema: S, env: Environment, unfit: Unfit<S> = () => []): z.infer<S> {
  const problems: string[] = [];
  const input: Record<string, string | undefined> = {};
  for (const key of Object.keys(schema.shape)) input[key] = readValue(key, env, problems);
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [key, type] of Object.entries(schema.shape)) {
    const result = (type as z.ZodType).safeParse(input[key]);
    if (result.success) {
      values[key] = result.data;
      continue;
    }
    wrong.push(key);
    if (problems.some((problem) => problem.startsWith(`${key}_FILE:`))) continue;
    if (input[key] === undefined) problems.push(`${key}: is missing (${(type as z.ZodType).description ?? ''})`);
    else for (const issue of result.error.issues) problems.push(`${key}: ${issue.message}`);
  }
  // A key that is wrong was named already: what follows from its absence would mislead.
  for (const problem of unfit(values as Partial<z.infer<S>>)) {
    if (!wrong.some((key) => problem.includes(key))) problems.push(problem);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as z.infer<S>;
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

/** A comma-separated list of at least one. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .refine((parts) => parts.length > 0, 'must name at least one');

/** What describes a key whose value nobody may see: its documentation says so, and `NAME_FILE` is the way to give it. */
export const secret = (description: string) => ({ description, secret: true });
