/** Configuration in words, for `--help` and for docs/CONFIGURATION.md: every key with its type, range, default and meaning. */
import { z } from 'zod';

export interface DescribedKey {
  readonly key: string;
  readonly description: string;
  /** What it may be, in words. */
  readonly type: string;
  /** As one would write it in the environment; null if there is none. */
  readonly byDefault: string | null;
  readonly required: boolean;
  readonly secret: boolean;
}

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly secret?: boolean;
}

export function describeKeys(schema: z.ZodObject): DescribedKey[] {
  // The input's side: what the environment may hold, before it is turned into numbers and lists.
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([key, property]) => {
    const described = property as JsonSchema;
    return {
      key,
      description: described.description ?? '',
      type: typeOf(described),
      byDefault: described.default === undefined ? null : String(described.default),
      required: required.includes(key),
      secret: described.secret === true,
    };
  });
}

function typeOf({ type, enum: symbols, format, pattern, minimum, maximum, minLength }: JsonSchema): string {
  if (symbols !== undefined) return symbols.join(', ');
  if (type === 'integer') {
    const [least, most] = [minimum, maximum].map((bound) => (Number.isSafeInteger(bound) ? Number(bound) : null));
    const isBounded = Math.abs(least ?? Infinity) < Number.MAX_SAFE_INTEGER;
    return isBounded ? `whole number from ${least} to ${most}` : 'whole number';
  }
  if (format === 'uri') return 'URL';
  if (pattern !== undefined && /^\^\w+/.test(pattern)) return 'URL';
  return minLength === undefined ? 'text' : `text of at least ${minLength} character${minLength === 1 ? '' : 's'}`;
}

/** Lines for `--help`. */
export function describeConfig(schema: z.ZodObject): string[] {
  return describeKeys(schema).map(({ key, description, type, byDefault, required }) => {
    const said = required ? 'needed' : byDefault === null ? 'optional' : `default ${byDefault}`;
    return `${key}: ${description} (${type}; ${said})`;
  });
}
