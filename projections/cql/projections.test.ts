import { readFileSync } from 'node:fs';
import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { foldStateStatements } from '../fold-state/store.cql.ts';
import { inboxStatements } from '../inbox/store.cql.ts';
import { memberStatements } from '../members/store.cql.ts';
import { messageStatements } from '../messages/store.cql.ts';
import { receiptStatements } from '../receipts/store.cql.ts';
import { conversationRow, inboxRow, memberRow, messageRow, receiptRow } from '../rows.fixture.ts';
import type { CqlSession, CqlStatement } from './connection.ts';
import { openCqlProjections } from './projections.ts';
import { schemaStatements } from './schema.ts';

/** Notes what begins and what ends, and lets every write take a turn of the event loop. */
class RecordingSession implements CqlSession {
  readonly events: string[] = [];
  readonly written: CqlStatement[] = [];
  failOn: string | null = null;

  async read(): Promise<never[]> {
    return [];
  }

  async write(statements: readonly CqlStatement[]): Promise<void> {
    const table = /(?:INTO|UPDATE) (\w+)/.exec(statements[0]!.query)![1]!;
    this.written.push(...statements);
    this.events.push(`begin ${table}`);
    await new Promise(setImmediate);
    if (this.failOn === table) throw new Error('away');
    this.events.push(`end ${table}`);
  }

  async close(): Promise<void> {}
}

const rows = {
  members: [memberRow(), memberRow()],
  conversations: [conversationRow()],
  messages: [messageRow(), messageRow()],
  inbox: [inboxRow(), inboxRow()],
};

function open() {
  const session = new RecordingSession();
  return { session, projections: openCqlProjections(session, { clock: systemClock, metrics: new Registry() }) };
}

describe('CQL projections', () => {
  it('rule 9: members and conversations end before messages begin, and these before inbox rows', async () => {
    const { session, projections } = open();
    await projections.conversationProjector.project(rows);
    const { events } = session;
    expect(events).toHaveLength(14);
    expect(events.lastIndexOf('end members')).toBeLessThan(events.indexOf('begin messages'));
    expect(events.lastIndexOf('end messages')).toBeLessThan(events.indexOf('begin inbox'));
  });

  it('rule 9: nothing later is written when something earlier failed', async () => {
    const { session, projections } = open();
    session.failOn = 'messages';
    await expect(projections.conversationProjector.project(rows)).rejects.toThrow('away');
    expect(session.events.filter((event) => event === 'begin messages')).toHaveLength(2);
    expect(session.events).not.toContain('begin inbox');
  });

  it('rule 18: a watermark and its step are one mutation', async () => {
    const { session, projections } = open();
    await projections.receiptProjector.project([receiptRow({ atMs: Date.now() })], []);
    expect(session.events).toEqual(['begin receipts', 'end receipts']);
    expect(session.written).toHaveLength(3);
  });

  it('rule 8: every write says its own timestamp, and watermarks are their own', async () => {
    const { session, projections } = open();
    await projections.conversationProjector.project(rows);
    const mark = { conversationId: rows.inbox[0]!.conversationId, userId: rows.inbox[0]!.userId, ordinal: 12 };
    await projections.receiptProjector.project(
      [receiptRow({ kind: 'read', seq: 17, ordinal: 12, atMs: Date.now() })],
      [
        { ...mark, kind: 'cleared', value: 17, version: 17 },
        { ...mark, kind: 'pinned', value: 1, version: 1_700_000_000_000_000 },
      ],
    );
    await projections.foldState.save([
      { conversationId: rows.messages[0]!.conversationId, snapshot: Buffer.alloc(1), offset: 1, writeTimestampUs: 7 },
    ]);
    for (const { query, params } of session.written) {
      const before = query.slice(0, query.indexOf('TIMESTAMP ?'));
      const timestamp = params[before.split('?').length - 1];
      expect(Number.isSafeInteger(timestamp), query).toBe(true);
      if (/SET read\[|read_seq/.test(query)) expect(timestamp).toBe(17);
    }
  });

  it('rule 8: no statement lacks USING TIMESTAMP, and none is conditional, counts, or asks the server for the time', () => {
    const catalogues = [messageStatements, memberStatements, inboxStatements, receiptStatements, foldStateStatements];
    const all = catalogues.flatMap((catalogue): string[] =>
      Object.values<string | Record<string, string>>(catalogue).flatMap((one) =>
        typeof one === 'string' ? [one] : Object.values(one),
      ),
    );
    const writes = all.filter((statement) => /^\s*(INSERT|UPDATE|DELETE)/.test(statement));
    expect(writes.length).toBeGreaterThanOrEqual(10);
    for (const statement of writes) expect(statement).toMatch(/USING TIMESTAMP \?/);
    for (const statement of [...all, ...schemaStatements({ keyspace: 'k', datacenter: 'd', replicationFactor: 3 })]) {
      expect(statement.replace('IF NOT EXISTS', '')).not.toMatch(
        /\bIF\b|\bcounter\b|\bnow\(|USING TIMEOUT|BYPASS CACHE/i,
      );
    }
  });

  it('rule 8: there are no statements but those of the catalogues', () => {
    for (const folder of ['messages', 'members', 'inbox', 'receipts', 'fold-state']) {
      const source = readFileSync(new URL(`../${folder}/store.cql.ts`, import.meta.url), 'utf8');
      const statements = source.match(/`\s*(INSERT|UPDATE|DELETE)[^`]*`/g) ?? [];
      expect(statements.length, folder).toBeGreaterThan(0);
      for (const statement of statements) expect(statement).toMatch(/USING TIMESTAMP \?/);
    }
  });
});
