/** The numbers that docs/PROTOCOL.md promises are those that the gateway and the fold apply. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCatalogue, isErrorCode } from '@parley/schemas/errors/catalogue';
import { currentRules } from '@parley/streams/conversation/rules';
import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { helloOf } from './hello.ts';
import { defaultGatewaySettings } from './settings.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/PROTOCOL.md', import.meta.url)), 'utf8');
const settings = defaultGatewaySettings('gateway');
const hello = helloOf({ connectionId: 1, userId: 'u', deviceId: 'd' } as Connection, settings, 0);

interface Row {
  readonly limit: string;
  readonly numbers: readonly number[];
  readonly beyond: string;
}

function rowsOf(section: string): Row[] {
  const text = page.slice(page.indexOf(`## ${section}\n`)).split('\n## ')[0]!;
  const lines = text.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(2).map((line) => {
    const [limit = '', numbers = '', beyond = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return {
      limit,
      numbers: (numbers.match(/[\d,]+\d|\d/g) ?? []).map((text) => Number(text.replaceAll(',', ''))),
      beyond,
    };
  });
}

const rows = rowsOf('15. Limits');
const named = rows.filter(({ limit }) => /^`\w+`:/.test(limit));

/** Limits that hello does not tell, by the words that begin their row. */
const untold: Readonly<Record<string, readonly number[]>> = {
  'sends of a connection': [settings.maxSendsInFlight],
  '`send`, `delivered` and `read` frames': [settings.maxPendingFrames],
  'requests of a connection': [settings.maxReads, settings.maxWaitingReads],
  '`media_url`, `thumbnail_url` in bytes': [settings.maxUrlBytes],
  'faults of the client in a minute': [settings.maxErrorsPerMinute],
  // Kind by kind they are in LIMITS.md.
  'frames of a kind that a connection sends': [],
};

describe('the limits of docs/PROTOCOL.md', () => {
  it('are all that hello tells, with the same numbers', () => {
    const told = Object.fromEntries(named.map(({ limit, numbers }) => [limit.split('`')[1], numbers[0]]));
    expect(told).toEqual(hello.limits);
  });

  it('are those of the settings where hello does not tell them', () => {
    const others = rows.filter((row) => !named.includes(row));
    for (const { limit, numbers } of others) {
      const [, expected] = Object.entries(untold).find(([words]) => limit.startsWith(words)) ?? [];
      expect(numbers, limit).toEqual(expected);
    }
    expect(others).toHaveLength(Object.keys(untold).length);
  });

  it('name codes of the catalogue for what happens beyond them', () => {
    for (const { limit, beyond } of rows) {
      const codes = [...beyond.matchAll(/`(\w+)`/g)].map((match) => match[1]!);
      expect(codes.every(isErrorCode), `${limit}: ${beyond}`).toBe(true);
      expect(codes.length > 0 || /1009|catch-up/.test(beyond), `${limit}: ${beyond}`).toBe(true);
    }
    expect(errorCatalogue.too_many_errors.closeCode).not.toBeNull();
  });

  it.each([
    ['`message_id_window_ms` (%d s)', currentRules.messageIdWindowMs / 1_000],
    ['`heartbeat_interval_ms` (%d s)', settings.heartbeatIntervalMs / 1_000],
    ['`heartbeat_timeout_ms` (%d s)', settings.heartbeatTimeoutMs / 1_000],
    ["An edit is its author's, for %d minutes", currentRules.editWindowMs / 60_000],
    ['%d hours, or a group admin', currentRules.deleteWindowMs / 3_600_000],
    ['a user who connects more than %d times a minute', settings.connectsPerMinute],
    ['`rate_limited`; more than %d of them in a minute', settings.maxRefusedFramesPerMinute.toLocaleString('en')],
    ['What is not acknowledged within %d s is pushed', settings.unacknowledgedMs / 1_000],
  ])('are the same in the text: %s', (words, number) => {
    expect(page.replaceAll('\n', ' ').toLowerCase()).toContain(words.replace('%d', String(number)).toLowerCase());
  });
});
