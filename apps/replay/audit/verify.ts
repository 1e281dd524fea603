/** `audit verify`: the log against its checkpoints, partition after partition, and what is wrong by its place. */
import type { EventCodec } from '@parley/schemas/codec/event-codec';
import { type Finding, Findings } from '@parley/streams/audit/findings';
import { PartitionVerifier } from '@parley/streams/audit/verify-partition';
import type { LogReader } from '@parley/streams/log/log';
import type { CommandResult } from '../cli/command.ts';
import type { ProgressBar } from '../cli/progress.ts';
import type { AuditedPartition } from './scope.ts';

export interface VerifyOptions {
  readonly log: LogReader;
  readonly codec: EventCodec;
  readonly partitions: readonly AuditedPartition[];
  readonly fromOffset: number;
  /** Checkpoint hashes that were kept elsewhere. */
  readonly anchors: readonly string[];
  readonly bar: ProgressBar;
}

/** Of so many findings it is told which message they are about: each costs a read. */
const maxDescribed = 20;

type NamedFinding = Finding & { readonly message_id?: string };

export async function verify(options: VerifyOptions): Promise<CommandResult> {
  const { log, codec, partitions, anchors } = options;
  const findings = new Findings();
  const wanted = new Set(anchors);
  const met = new Set<string>();
  const sealedTo: Record<string, number> = {};
  let records = 0;
  let checkpoints = 0;
  let unsealed = 0;
  const total = await sizeOf(options);
  for (const { topic, partition } of partitions) {
    const before = records;
    const progress = (done: number): void => options.bar.update(before + done, total, `${topic}/${partition}`);
    const audit = { topic, partition, fromOffset: options.fromOffset, progress };
    const verdict = await new PartitionVerifier({ log, codec }, audit, findings).verify(wanted);
    records += verdict.records;
    checkpoints += verdict.checkpoints;
    unsealed += verdict.unsealed;
    sealedTo[`${topic}/${partition}`] = verdict.sealedTo;
    for (const hash of verdict.anchored) met.add(hash);
  }
  options.bar.end();
  for (const hash of anchors) if (!met.has(hash)) findings.add(unanchored(hash, partitions[0]!));
  const listed = await named(log, codec, findings.listed);
  const { count } = findings;
  const summary = { partitions: partitions.length, records, checkpoints, sealed_to: sealedTo, unsealed };
  return {
    ok: count === 0,
    summary: { ...summary, different: count, findings: listed },
    lines: [...listed.map(lineOf), ...conclusion({ records, checkpoints, unsealed, count, anchors: anchors.length })],
  };
}

async function sizeOf({ log, partitions, fromOffset }: VerifyOptions): Promise<number> {
  let total = 0;
  for (const { topic, partition } of partitions) {
    const { earliest, end } = await log.bounds(topic, partition);
    total += Math.max(0, end - Math.max(earliest, fromOffset));
  }
  return total;
}

function unanchored(hash: string, { topic, partition }: AuditedPartition): Finding {
  const detail = `no checkpoint that was read has the hash ${hash}: what was sealed then is not what is there now`;
  return { topic, partition, offset: 0, what: 'unanchored', detail };
}

/** Names the message where what stands in the log now can be read. */
async function named(log: LogReader, codec: EventCodec, findings: readonly Finding[]): Promise<NamedFinding[]> {
  const all: NamedFinding[] = [];
  for (const [index, finding] of findings.entries()) {
    const isRecord = finding.what === 'changed' || finding.what === 'added' || finding.what === 'reordered';
    const messageId = isRecord && index < maxDescribed ? await messageIdAt(log, codec, finding) : null;
    all.push(messageId === null ? finding : { ...finding, message_id: messageId });
  }
  return all;
}

async function messageIdAt(log: LogReader, codec: EventCodec, finding: Finding): Promise<string | null> {
  const { topic, partition } = finding;
  const offset = finding.now_at ?? finding.offset;
  for await (const [record] of log.read({ topic, partition, from: { offset }, toOffset: offset + 1 })) {
    try {
      await codec.prepare(record!.value);
      const decoded = codec.decode(record!.value);
      if (decoded.name === 'message_sent') return decoded.event.message_id;
    } catch {
      return null; // A record that was tampered with need not be readable.
    }
  }
  return null;
}

function lineOf({ topic, partition, offset, what, detail, message_id }: NamedFinding): string {
  const message = message_id === undefined ? '' : ` (message ${message_id})`;
  return `${what} ${topic}/${partition}/${offset}${message}: ${detail}`;
}

function conclusion(counts: {
  records: number;
  checkpoints: number;
  unsealed: number;
  count: number;
  anchors: number;
}): string[] {
  const { records, checkpoints, unsealed, count, anchors } = counts;
  const checked = `${records} sealed records under ${checkpoints} checkpoints; ${unsealed} are not sealed yet.`;
  if (count > 0) return [`${count} differences in ${checked}`];
  const without = 'Whoever could write to both the log and chat.audit is found only by an anchor kept elsewhere';
  return [`No difference in ${checked}`, ...(anchors === 0 ? [`${without}: see "audit head".`] : [])];
}
