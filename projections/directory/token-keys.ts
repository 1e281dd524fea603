/** The key pair of access tokens in files: made once by whoever starts first, read by everybody else. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TokenKeys {
  /** PKCS #8. */
  readonly privateKeyPem: string;
  /** SPKI. */
  readonly publicKeyPem: string;
}

export function generateTokenKeys(): TokenKeys {
  const { privateKey } = generateKeyPairSync('ed25519');
  return tokenKeysFrom(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** Derives the public half. */
export function tokenKeysFrom(privateKeyPem: string): TokenKeys {
  const publicKey = createPublicKey(createPrivateKey(privateKeyPem));
  return { privateKeyPem, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** Reads `token-key.pem` in the folder; makes it, readable by its owner alone, if there is none. Two that start at once agree. */
export function openTokenKeys(folder: string): TokenKeys {
  const path = join(folder, 'token-key.pem');
  mkdirSync(folder, { recursive: true });
  if (existsSync(path)) return tokenKeysFrom(readFileSync(path, 'utf8')); // Also where nothing can be written.
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, generateTokenKeys().privateKeyPem, { mode: 0o600, flush: true });
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return tokenKeysFrom(readFileSync(path, 'utf8'));
}
