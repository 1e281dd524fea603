/** Where operators reach the admin API, and by what they are known. Without a port there is none. */
import { secret, whole } from '@parley/runtime/config';
import { z } from 'zod';
import type { Operator } from './operators.ts';

const minTokenChars = 32;
const namedToken = /^[a-z][a-z0-9-]{0,49}:[\x21-\x2b\x2d-\x7e]+$/;

export const adminConfig = {
  PARLEY_ADMIN_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('address that the admin API listens on; never one that is reached from the internet'),
  PARLEY_ADMIN_PORT: whole(0, 65_535, 0).describe('port that the admin API listens on; 0 for no admin API'),
  PARLEY_ADMIN_TOKENS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().regex(namedToken, 'must be name:token, separated by commas')).max(100))
    .optional()
    .meta(secret('name:token of every operator, separated by commas; tokens of 32 characters or more')),
};

type AdminKeys = Partial<z.infer<z.ZodObject<typeof adminConfig>>> & {
  readonly PARLEY_API_PORT?: number | undefined;
};

export function operatorsFrom(values: Pick<AdminKeys, 'PARLEY_ADMIN_TOKENS'>): readonly Operator[] {
  return (values.PARLEY_ADMIN_TOKENS ?? []).map((text) => {
    const at = text.indexOf(':');
    return { name: text.slice(0, at), token: text.slice(at + 1) };
  });
}

/** An admin API that anybody could use does not start, in development neither. */
export function adminProblems(values: AdminKeys): string[] {
  if ((values.PARLEY_ADMIN_PORT ?? 0) === 0) return [];
  const operators = operatorsFrom(values);
  const tokens = new Set(operators.map(({ token }) => token));
  const names = new Set(operators.map(({ name }) => name));
  const problems: string[] = [];
  if (operators.length === 0)
    problems.push('PARLEY_ADMIN_TOKENS: an admin API without them would be anybody’s or nobody’s');
  if (operators.some(({ token }) => token.length < minTokenChars || new Set(token).size < minTokenChars / 4))
    problems.push(`PARLEY_ADMIN_TOKENS: a token has ${minTokenChars} characters or more, drawn at random`);
  if (tokens.size < operators.length || names.size < operators.length)
    problems.push('PARLEY_ADMIN_TOKENS: every operator has a name and a token of their own');
  if (values.PARLEY_ADMIN_PORT === values.PARLEY_API_PORT)
    problems.push('PARLEY_ADMIN_PORT: must not be the port that the public API listens on');
  return problems;
}
