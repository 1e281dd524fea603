/** The pages under docs/ that hold generated parts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeCodes, errorTables, sectionTable } from './error-tables.ts';
import { enumDetails, frameDetails, frameOverview, recordDetails } from './frame-tables.ts';
import { fillSections } from './marked-sections.ts';
import { byteExamples, identityExamples } from './worked-examples.ts';

const sectionsOf: Readonly<Record<string, () => ReadonlyMap<string, string>>> = {
  'PROTOCOL.md': () =>
    new Map([
      ['frame overview', frameOverview()],
      ['frames', frameDetails()],
      ['records', recordDetails()],
      ['enums', enumDetails()],
      ['byte examples', byteExamples()],
      ['identity examples', identityExamples()],
      ['send errors', sectionTable('A send')],
      ['verdicts', sectionTable('Verdicts of the fold')],
      ['request errors', sectionTable('A frame or request')],
      ['close codes', closeCodes()],
    ]),
  'ERRORS.md': () => new Map([['errors', errorTables()]]),
};

/** Each page by its name, as it is now and as it should be. */
export function pages(docs: string): { name: string; path: string; now: string; generated: string }[] {
  return Object.entries(sectionsOf).map(([name, sections]) => {
    const path = join(docs, name);
    const now = readFileSync(path, 'utf8');
    return { name, path, now, generated: fillSections(now, sections()) };
  });
}
