/**
 * Statements on their way, by partition: those of one partition go out together as one unlogged batch, which a CQL engine applies
 * as a single mutation; those of different partitions go out side by side, and share requests with whatever else is being written
 * (write-accumulator). What is too large for one batch is cut, and the parts go one after another, so that what was added last is
 * applied last.
 */
import type { CqlSession, CqlStatement } from './connection.ts';

const maxStatements = 100;
/** Below the size at which engines refuse a batch (50 KiB by default). */
const maxBytes = 32_768;

interface Part {
  readonly statements: CqlStatement[];
  bytes: number;
}

export class PartitionWrites {
  readonly #partitions = new Map<string, Part[]>();
  #mutations = 0;

  /** How many mutations `send` makes. */
  get mutations(): number {
    return this.#mutations;
  }

  /** Statements that must be applied together; `bytes` is about what their values take. */
  add(partition: string, statements: readonly CqlStatement[], bytes: number): void {
    const parts = this.#partitions.get(partition) ?? [];
    if (parts.length === 0) this.#partitions.set(partition, parts);
    let part = parts.at(-1);
    if (
      part === undefined ||
      part.bytes + bytes > maxBytes ||
      part.statements.length + statements.length > maxStatements
    ) {
      part = { statements: [], bytes: 0 };
      parts.push(part);
      this.#mutations++;
    }
    part.statements.push(...statements);
    part.bytes += bytes;
  }

  /** Resolves when all are applied. @throws ParleyError `unavailable`; some may have been applied all the same */
  async send(session: CqlSession): Promise<void> {
    const sent = [...this.#partitions.values()].map(async (parts) => {
      for (const { statements, bytes } of parts) await session.write(statements, bytes);
    });
    // All are waited for, so that nothing of this batch is on its way any more when the caller repeats it.
    const failed = (await Promise.allSettled(sent)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}
