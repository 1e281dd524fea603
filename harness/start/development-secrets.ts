/** Keys for development on one machine, made once and kept in a folder that git ignores. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ClusterSecrets, makeSecrets } from '../world/cluster-members.ts';

export function developmentSecrets(folder: string): ClusterSecrets {
  const path = join(folder, 'cluster-secrets.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as ClusterSecrets;
  const secrets = makeSecrets();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}
