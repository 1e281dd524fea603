import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { AccessTokenIssuer, accessLifetimeMs, clockToleranceMs, PublicKeyVerifier } from './access-tokens.ts';
import { generateTokenKeys, openTokenKeys } from './token-keys.ts';

let nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs };
const settings = { clock, issuer: 'parley', audience: 'parley' };
const keys = generateTokenKeys();
const other = generateTokenKeys();
const userId = 'a2d3a9a4-0b6c-4a53-9d4d-0d1f6a5a7a01';
const deviceId = 'a2d3a9a4-0b6c-4a53-9d4d-0d1f6a5a7a02';
const issuer = new AccessTokenIssuer({ ...settings, privateKeyPem: keys.privateKeyPem });
const verifier = new PublicKeyVerifier({ ...settings, publicKeyPems: [keys.publicKeyPem] });
const refused = (token: string, by = verifier) =>
  expect(by.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });

describe('access tokens', () => {
  it('are good for 15 minutes, for who signed for them, and say who somebody is', async () => {
    const { accessToken, accessExpiresAtMs } = await issuer.issue(userId, deviceId);
    expect(accessExpiresAtMs).toBe(nowMs + accessLifetimeMs);
    expect(await verifier.verify(accessToken)).toEqual({ userId, deviceId, expiresAtMs: accessExpiresAtMs });
    await refused(accessToken, new PublicKeyVerifier({ ...settings, publicKeyPems: [other.publicKeyPem] }));
    await refused(
      accessToken,
      new PublicKeyVerifier({ ...settings, audience: 'x', publicKeyPems: [keys.publicKeyPem] }),
    );
    await refused(accessToken, new PublicKeyVerifier({ ...settings, issuer: 'x', publicKeyPems: [keys.publicKeyPem] }));
    nowMs += accessLifetimeMs + clockToleranceMs - 1_000;
    await verifier.verify(accessToken);
    nowMs += 1_000;
    await refused(accessToken);
  });

  it('of the old and of the new key are good while keys are changed', async () => {
    const both = new PublicKeyVerifier({ ...settings, publicKeyPems: [keys.publicKeyPem, other.publicKeyPem] });
    const next = new AccessTokenIssuer({ ...settings, privateKeyPem: other.privateKeyPem });
    for (const one of [issuer, next]) await both.verify((await one.issue(userId, deviceId)).accessToken);
  });

  it('that are malformed, altered, unsigned or signed otherwise are refused', async () => {
    const { accessToken } = await issuer.issue(userId, deviceId);
    const [header, payload, signature] = accessToken.split('.') as [string, string, string];
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const forged = encode({ ...claims, sub: deviceId });
    const hmac = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
      .sign(Buffer.from(keys.publicKeyPem));
    const odd = ['', '.', '..', 'x', '\0', '😀', 'a.b.c', 'x'.repeat(100_000), `${accessToken}.`, ` ${accessToken}`];
    for (const token of [
      ...odd,
      `${header}.${forged}.${signature}`,
      `${header}.${payload}.`,
      `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
      hmac,
    ]) {
      await refused(token);
    }
  });

  it('are signed by Ed25519 alone', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(() => new AccessTokenIssuer({ ...settings, privateKeyPem })).toThrow('Ed25519');
    expect(() => new PublicKeyVerifier({ ...settings, publicKeyPems: [publicKeyPem] })).toThrow('Ed25519');
  });
});

it('openTokenKeys makes a key once, for its owner alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-keys-'));
  try {
    const first = openTokenKeys(join(folder, 'new'));
    expect(openTokenKeys(join(folder, 'new'))).toEqual(first);
    expect(statSync(join(folder, 'new', 'token-key.pem')).mode & 0o777).toBe(0o600);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
