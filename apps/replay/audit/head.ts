/** `audit head`: where each chain stands, to be kept somewhere that whoever can write to the log can't reach. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import type { Clock } from '@parley/schemas/environment/clock';
import { AuditTail } from '@parley/streams/audit/audit-tail';
import type { LogReader } from '@parley/streams/log/log';
import type { CommandResult } from '../cli/command.ts';
import type { AuditedPartition } from './scope.ts';

/** One line of what is kept elsewhere; `hash` is what `audit verify --anchor` takes. */
export interface Head {
  readonly topic: string;
  readonly partition: number;
  readonly number: number;
  readonly sealed_to: number;
  readonly hash: string;
  readonly chain: string;
}

export async function heads(
  cell: { readonly log: LogReader; readonly codec: EventCodec; readonly clock: Clock },
  partitions: readonly AuditedPartition[],
): Promise<CommandResult> {
  const found: Head[] = [];
  for (const { topic, partition } of partitions) {
    const { head } = await AuditTail.open(cell, topic, partition);
    if (head.number === 0) continue; // Nothing is sealed yet.
    const { number, toOffset } = head;
    const hashes = { hash: head.hash.toString('hex'), chain: head.chain.toString('hex') };
    found.push({ topic, partition, number, sealed_to: toOffset, ...hashes });
  }
  return {
    ok: true,
    summary: { partitions: partitions.length, at_ms: cell.clock.nowMs(), heads: found },
    lines: found.map(
      ({ topic, partition, number, sealed_to, hash }) =>
        `${topic}/${partition} checkpoint ${number} sealed to ${sealed_to}: ${hash}`,
    ),
  };
}

/** The hashes of an object that `audit head --json` printed. */
export function anchorsIn(text: string): string[] {
  const { heads: found } = JSON.parse(text) as { heads: readonly Head[] };
  return found.map(({ hash }) => hash);
}
