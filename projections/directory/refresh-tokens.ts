/**
 * Refresh tokens: opaque, single use, one family per device; only hashes are stored.
 *
 * A token is the device's id, the family's secret (the same for the device's whole life) and a secret of its own (new with every
 * use). The right family with another token than the current one is an old token used again: either the device or a thief has
 * a copy that was spent, and nobody can tell which, so the device is revoked. Without the family's secret nothing can be done
 * to a device, though its id is no secret. One row per device is enough, however often it refreshes.
 */
import type { Random } from '@parley/schemas/environment/random';
import type { Transaction } from 'kysely';
import { parse as uuidBytes, stringify as uuidText } from 'uuid';
import { sameHash, secretHash } from './secrets.ts';
import type { DirectoryTables } from './tables.ts';

export const refreshLifetimeMs = 60 * 86_400_000;
const uuidLength = 16;
const familyLength = 16;
const secretLength = 32;
const tokenLength = uuidLength + familyLength + secretLength;
const tokenChars = Math.ceil((tokenLength * 4) / 3);

interface TokenParts {
  readonly deviceId: string;
  readonly family: Buffer;
  readonly secret: Buffer;
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly userId: string; readonly deviceId: string; readonly refreshToken: string }
  | { readonly outcome: 'reused'; readonly userId: string; readonly deviceId: string }
  | { readonly outcome: 'revoked'; readonly deviceId: string }
  | { readonly outcome: 'unknown' };

export interface NewTokenSecrets {
  readonly family: Buffer;
  readonly secret: Buffer;
}

/** Drawn before a transaction begins, so that it can be run again. */
export function drawTokenSecrets(random: Random): NewTokenSecrets {
  return { family: Buffer.from(random.bytes(familyLength)), secret: Buffer.from(random.bytes(secretLength)) };
}

/** The first token of a device. */
export async function openFamily(
  transaction: Transaction<DirectoryTables>,
  deviceId: string,
  secrets: NewTokenSecrets,
  nowMs: number,
): Promise<string> {
  await transaction
    .insertInto('refresh_tokens')
    .values({
      device_id: deviceId,
      family_hash: secretHash(secrets.family),
      token_hash: secretHash(secrets.secret),
      expires_at: new Date(nowMs + refreshLifetimeMs),
    })
    .execute();
  return encode({ deviceId, ...secrets });
}

/** Spends a token for its successor, or finds out that it was spent before. The caller revokes on `reused`. */
export async function rotate(
  transaction: Transaction<DirectoryTables>,
  refreshToken: string,
  secrets: NewTokenSecrets,
  nowMs: number,
): Promise<Rotation> {
  const token = decode(refreshToken);
  if (token === null) return { outcome: 'unknown' };
  const { deviceId, family } = token;
  const row = await transaction
    .selectFrom('refresh_tokens')
    .innerJoin('devices', 'devices.device_id', 'refresh_tokens.device_id')
    .select(['user_id', 'family_hash', 'token_hash', 'expires_at', 'revoked_at'])
    .where('refresh_tokens.device_id', '=', deviceId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined || !sameHash(row.family_hash, secretHash(family))) return { outcome: 'unknown' };
  if (row.revoked_at !== null) return { outcome: 'revoked', deviceId };
  if (!sameHash(row.token_hash, secretHash(token.secret))) return { outcome: 'reused', userId: row.user_id, deviceId };
  if (row.expires_at.getTime() <= nowMs) return { outcome: 'unknown' };
  await transaction
    .updateTable('refresh_tokens')
    .set({ token_hash: secretHash(secrets.secret), expires_at: new Date(nowMs + refreshLifetimeMs) })
    .where('device_id', '=', deviceId)
    .execute();
  const next = encode({ deviceId, family, secret: secrets.secret });
  return { outcome: 'rotated', userId: row.user_id, deviceId, refreshToken: next };
}

function encode({ deviceId, family, secret }: TokenParts): string {
  return Buffer.concat([uuidBytes(deviceId), family, secret]).toString('base64url');
}

function decode(text: string): TokenParts | null {
  if (text.length !== tokenChars) return null;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== tokenLength || (bytes[6]! & 0xf0) !== 0x40 || (bytes[8]! & 0xc0) !== 0x80) return null;
  return {
    deviceId: uuidText(bytes.subarray(0, uuidLength)),
    family: bytes.subarray(uuidLength, uuidLength + familyLength),
    secret: bytes.subarray(uuidLength + familyLength),
  };
}
