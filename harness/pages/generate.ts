/** `npm run pages`: writes what docs/ takes from the apps; a test fails when it differs from what is committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fillConfiguration } from './configuration.ts';

const path = fileURLToPath(new URL('../../docs/CONFIGURATION.md', import.meta.url));
writeFileSync(path, fillConfiguration(readFileSync(path, 'utf8')));
