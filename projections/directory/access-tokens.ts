/**
 * Access tokens: JWTs signed with Ed25519, good for 15 minutes, checked with the public key alone and without a look-up.
 *
 * The key's id in the header lets keys be changed: verifiers are given the new public key beside the old one before the issuer
 * is given the new private key.
 */
import { createHash, createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isUuid } from '@parley/schemas/identity/conversation-id';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { AccessTokenVerifier, Principal } from './directory.ts';

export const accessLifetimeMs = 15 * 60_000;
/** Between the clocks of issuer and verifier. */
export const clockToleranceMs = 5_000;
const maxTokenChars = 2_048;
const tokenType = 'at+jwt';
const algorithm = 'EdDSA';
const defaultName = 'parley';

export interface AccessTokenSettings {
  readonly clock: Clock;
  /** Who signs, as a name; the same for issuer and verifiers. */
  readonly issuer?: string;
  /** For whom; likewise. */
  readonly audience?: string;
}

function ed25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key of access tokens must be an Ed25519 key');
  return key;
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url').slice(0, 16);
}

export class AccessTokenIssuer {
  readonly #settings: AccessTokenSettings;
  readonly #key: KeyObject;
  readonly #keyId: string;

  /** @param privateKeyPem PKCS #8, Ed25519 */
  constructor(settings: AccessTokenSettings & { readonly privateKeyPem: string }) {
    this.#settings = settings;
    this.#key = ed25519(createPrivateKey(settings.privateKeyPem));
    this.#keyId = keyIdOf(createPublicKey(this.#key));
  }

  /** A secret of the installation that is not in its database, for one purpose. */
  secretFor(purpose: string): Buffer {
    const der = this.#key.export({ type: 'pkcs8', format: 'der' });
    return createHmac('sha256', der).update(purpose).digest();
  }

  async issue(userId: string, deviceId: string): Promise<{ accessToken: string; accessExpiresAtMs: number }> {
    const { clock, issuer = defaultName, audience = defaultName } = this.#settings;
    const issuedAt = Math.floor(clock.nowMs() / 1_000);
    const expiresAt = issuedAt + accessLifetimeMs / 1_000;
    const accessToken = await new SignJWT({ device_id: deviceId })
      .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: this.#keyId })
      .setSubject(userId)
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#key);
    return { accessToken, accessExpiresAtMs: expiresAt * 1_000 };
  }
}

export class PublicKeyVerifier implements AccessTokenVerifier {
  readonly #settings: AccessTokenSettings;
  readonly #keys: ReadonlyMap<string, KeyObject>;

  /** @param publicKeyPems SPKI, Ed25519; a token signed by any of them is good */
  constructor(settings: AccessTokenSettings & { readonly publicKeyPems: readonly string[] }) {
    this.#settings = settings;
    const keys = settings.publicKeyPems.map((pem) => ed25519(createPublicKey(pem)));
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]));
  }

  async verify(token: string): Promise<Principal> {
    if (token.length > maxTokenChars) throw new ParleyError('unauthenticated');
    const { clock, issuer = defaultName, audience = defaultName } = this.#settings;
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => this.#keyOf(kid), {
        algorithms: [algorithm],
        typ: tokenType,
        issuer,
        audience,
        currentDate: new Date(clock.nowMs()),
        clockTolerance: clockToleranceMs / 1_000,
        requiredClaims: ['sub', 'exp', 'iat', 'device_id'],
      });
      const { sub: userId, exp, device_id: deviceId } = payload;
      if (userId === undefined || exp === undefined || typeof deviceId !== 'string')
        throw new ParleyError('unauthenticated');
      if (!isUuid(userId) || !isUuid(deviceId)) throw new ParleyError('unauthenticated');
      return { userId, deviceId, expiresAtMs: exp * 1_000 };
    } catch (error) {
      throw error instanceof errors.JOSEError ? new ParleyError('unauthenticated') : error;
    }
  }

  #keyOf(keyId: string | undefined): KeyObject {
    const key = keyId === undefined ? undefined : this.#keys.get(keyId);
    if (key === undefined) throw new ParleyError('unauthenticated');
    return key;
  }
}
