/**
 * The token by which one process of the cell proves to another that it belongs there: a JWT signed with a secret that both hold, good
 * for one minute, for one kind of service alone.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { jwtVerify, SignJWT } from 'jose';

const algorithm = 'HS256';
const lifetimeSeconds = 60;
const clockToleranceSeconds = 30;

/** Between whom a token is good. */
export interface ServiceParties {
  readonly issuer: string;
  /** The service that is called. */
  readonly audience: string;
}

export function signServiceToken(
  secret: Uint8Array,
  clock: Clock,
  { issuer, audience }: ServiceParties,
): Promise<string> {
  const nowSeconds = Math.floor(clock.nowMs() / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + lifetimeSeconds)
    .sign(secret);
}

/** @throws ParleyError `unauthenticated` */
export async function verifyServiceToken(
  token: string,
  secret: Uint8Array,
  clock: Clock,
  { issuer, audience }: ServiceParties,
): Promise<void> {
  try {
    await jwtVerify(token, secret, {
      algorithms: [algorithm],
      audience,
      issuer,
      requiredClaims: ['iat', 'exp'],
      currentDate: new Date(clock.nowMs()),
      clockTolerance: clockToleranceSeconds,
      maxTokenAge: lifetimeSeconds,
    });
  } catch (cause) {
    throw new ParleyError('unauthenticated', { detail: `token for ${audience}`, cause });
  }
}
