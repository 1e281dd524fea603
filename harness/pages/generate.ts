/** `npm run pages`: writes what docs/ takes from the apps; tests fail when it differs from what is committed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fillConfiguration } from './configuration.ts';
import { fillLimits } from './limits.ts';
import { openApiDocument } from './openapi.ts';

const inDocs = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));

const configuration = inDocs('CONFIGURATION.md');
writeFileSync(configuration, fillConfiguration(readFileSync(configuration, 'utf8')));

const limits = inDocs('LIMITS.md');
writeFileSync(limits, fillLimits(readFileSync(limits, 'utf8')));

writeFileSync(inDocs('openapi.json'), await openApiDocument());
