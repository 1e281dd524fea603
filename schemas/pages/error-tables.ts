/** The tables of docs/ERRORS.md, and the close codes and verdicts of docs/PROTOCOL.md, from the error catalogue. */
import { type ErrorEntry, errorCatalogue, errorSections } from '../errors/catalogue.ts';
import { table } from './marked-sections.ts';

const yesNo = (flag: boolean): string => (flag ? 'yes' : 'no');

export function errorTables(): string {
  return errorSections
    .map(({ title, entries }) => {
      const rows = Object.entries(entries).map(([code, entry]) => [
        `\`${code}\``,
        String(entry.httpStatus),
        entry.closeCode === null ? '' : String(entry.closeCode),
        yesNo(entry.retryable),
        entry.message,
        entry.action,
      ]);
      return `## ${title}\n\n${table(['code', 'HTTP', 'close', 'retry', 'what it means', 'what to do'], rows)}`;
    })
    .join('\n\n');
}

export function closeCodes(): string {
  const rows = (Object.entries(errorCatalogue) as [string, ErrorEntry][])
    .filter(([, entry]) => entry.closeCode !== null)
    .map(([code, entry]) => [
      String(entry.closeCode),
      `\`${code}\``,
      entry.message,
      yesNo(entry.retryable),
      entry.action,
    ])
    .sort((one, other) => Number(one[0]) - Number(other[0]));
  return table(['close code', 'reason', 'what it means', 'retry', 'what the client does'], rows);
}

/** Codes of one section as a table for the protocol page. */
export function sectionTable(title: string): string {
  const section = errorSections.find((known) => known.title === title);
  const rows = Object.entries(section?.entries ?? {}).map(([code, entry]) => [
    `\`${code}\``,
    yesNo(entry.retryable),
    entry.message,
    entry.action,
  ]);
  return table(['code', 'retry', 'what it means', 'what the client does'], rows);
}
