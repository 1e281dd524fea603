/**
 * The token by which a processor proves to a gateway that it belongs to the cell: a JWT signed with a secret that both hold,
 * good for one minute, checked when a stream is opened.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { jwtVerify, SignJWT } from 'jose';

const algorithm = 'HS256';
const audience = 'gateway-delivery';
const issuer = 'parley-processor';
const lifetimeSeconds = 60;
const clockToleranceSeconds = 30;
export const minDeliverySecretBytes = 32;

/** @throws ParleyError `invalid_request` if the secret can be guessed for being short */
export function deliverySecret(text: string): Uint8Array {
  const secret = Buffer.from(text, 'utf8');
  if (secret.length < minDeliverySecretBytes) {
    throw new ParleyError('invalid_request', {
      detail: `the delivery secret has fewer than ${minDeliverySecretBytes} bytes`,
    });
  }
  return secret;
}

export function signDeliveryToken(secret: Uint8Array, clock: Clock): Promise<string> {
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
export async function verifyDeliveryToken(token: string, secret: Uint8Array, clock: Clock): Promise<void> {
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
    throw new ParleyError('unauthenticated', { detail: 'delivery token', cause });
  }
}
