/** A projector in memory that keeps a write timestamp per column and the last-write rule, as the stores do (design rule 8). */
import type { ConversationRows, MessageRow } from '../conversation/rows.ts';
import type { ConversationProjector } from './ports.ts';

interface Cell {
  readonly value: unknown;
  readonly writeTimestampUs: number;
}

type Row = Map<string, Cell>;

/** Values that compare by content. */
const plain = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString('hex') : value);

export class MemoryRows implements ConversationProjector {
  readonly tables = {
    members: new Map<string, Row>(),
    conversations: new Map(),
    messages: new Map(),
    inbox: new Map(),
  };
  readonly messageRows = new Map<string, MessageRow>();

  project({ members, conversations, messages, inbox }: ConversationRows): Promise<void> {
    for (const row of members) this.#write(this.tables.members, [row.conversationId, row.userId, row.joinedSeq], row);
    for (const row of conversations) this.#write(this.tables.conversations, [row.conversationId], row);
    for (const row of messages) {
      this.#write(this.tables.messages, [row.conversationId, row.messageId], row);
      this.messageRows.set(`${row.conversationId}/${row.messageId}`, row);
    }
    for (const row of inbox) this.#write(this.tables.inbox, [row.userId, row.conversationId], row);
    return Promise.resolve();
  }

  #write(table: Map<string, Row>, key: readonly unknown[], columns: { readonly writeTimestampUs: number }): void {
    const name = key.join('/');
    const row: Row = table.get(name) ?? new Map();
    table.set(name, row);
    const { writeTimestampUs } = columns;
    for (const [column, value] of Object.entries(columns)) {
      const stored = row.get(column);
      if (column === 'writeTimestampUs' || (stored && stored.writeTimestampUs > writeTimestampUs)) continue;
      row.set(column, { value: plain(value), writeTimestampUs });
    }
  }

  row(conversationId: string, messageId: string): MessageRow | null {
    return this.messageRows.get(`${conversationId}/${messageId}`) ?? null;
  }

  /** Every row's values, without their timestamps. */
  contents(): Record<string, Record<string, Record<string, unknown>>> {
    return Object.fromEntries(
      Object.entries(this.tables).map(([table, rows]) => [
        table,
        Object.fromEntries(
          [...(rows as Map<string, Row>)]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, row]) => [
              key,
              Object.fromEntries([...row].sort().map(([column, { value }]) => [column, value])),
            ]),
        ),
      ]),
    );
  }

  columns(table: keyof MemoryRows['tables'], ...key: readonly unknown[]): Record<string, unknown> | undefined {
    return this.contents()[table]![key.join('/')];
  }
}
