/** Values as the driver takes and gives them. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { types } from 'cassandra-driver';

/** @throws ParleyError `invalid_request` for anything but a UUID in its canonical lower-case form */
export function toUuid(text: string): types.Uuid {
  if (!isUuid(text)) throw new ParleyError('invalid_request', { detail: 'an id is not a UUID' });
  return types.Uuid.fromString(text);
}

export function fromUuid(value: unknown): string {
  return String(value);
}

/** For a column that never held anything else: leaves it alone instead of writing a tombstone. */
export function orUnset<Value>(value: Value | null): Value | typeof types.unset {
  return value ?? types.unset;
}

/** A bigint column, all of which are below 2^53 here. */
export function toNumber(value: unknown): number {
  if (value instanceof types.Long) return value.toNumber();
  return Number(value);
}

export function toNumberOr<Default>(value: unknown, absent: Default): number | Default {
  return value === null || value === undefined ? absent : toNumber(value);
}

/** A timestamp column. */
export function toMsOrNull(value: unknown): number | null {
  return value instanceof Date ? value.getTime() : null;
}

export function toTextOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
