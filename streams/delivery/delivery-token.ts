/**
 * The token by which a processor proves to a gateway that it belongs to the cell, checked when a stream is opened, and the secret that
 * all processes of a cell hold.
 */
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type ServiceParties, signServiceToken, verifyServiceToken } from './service-token.ts';

const parties: ServiceParties = { issuer: 'parley-processor', audience: 'gateway-delivery' };
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
  return signServiceToken(secret, clock, parties);
}

/** @throws ParleyError `unauthenticated` */
export function verifyDeliveryToken(token: string, secret: Uint8Array, clock: Clock): Promise<void> {
  return verifyServiceToken(token, secret, clock, parties);
}
