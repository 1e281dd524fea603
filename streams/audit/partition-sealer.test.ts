import { describe, expect, it } from 'vitest';
import { partitionOf } from '../log/partitioner.ts';
import { topics } from '../log/topics.ts';
import { keyLeadingTo } from './audit-tail.ts';
import { maxBlockRecords } from './block.ts';
import { Findings } from './findings.ts';
import { PartitionSealer } from './partition-sealer.ts';
import { codec, PlainLog, sealedTopic } from './plain-log.fixture.ts';
import { PartitionVerifier } from './verify-partition.ts';

const clock = { nowMs: () => 5_000_000 };

function logOf(records: number): PlainLog {
  const log = new PlainLog();
  for (let offset = 0; offset < records; offset++) log.put(1, offset, `record ${offset}`);
  return log;
}

const open = (log: PlainLog) => PartitionSealer.open({ log, codec, clock }, sealedTopic, 1);

async function sealAll(log: PlainLog): Promise<PartitionSealer> {
  const sealer = await open(log);
  await sealer.readTo((await log.bounds(sealedTopic, 1)).end);
  await sealer.seal();
  return sealer;
}

async function verdictOf(log: PlainLog) {
  const findings = new Findings();
  const audit = { topic: sealedTopic, partition: 1, fromOffset: 0 };
  const verdict = await new PartitionVerifier({ log, codec }, audit, findings).verify();
  return { ...verdict, findings: findings.listed };
}

describe('sealing a partition', () => {
  it('goes on where the last seal ended, and writes nothing where nothing is new', async () => {
    const log = logOf(10);
    await sealAll(log);
    await sealAll(log);
    expect(log.recordsOf(topics.audit, 1)).toHaveLength(1);
    log.put(1, 10, 'one more');
    await sealAll(log);
    expect(log.recordsOf(topics.audit, 1)).toHaveLength(2);
    expect(await verdictOf(log)).toMatchObject({ findings: [], checkpoints: 2, records: 11, sealedTo: 11 });
  });

  it('cuts a backlog into blocks that are bounded', async () => {
    const log = logOf(2 * maxBlockRecords + 5);
    await sealAll(log);
    expect(await verdictOf(log)).toMatchObject({ findings: [], checkpoints: 3, records: 2 * maxBlockRecords + 5 });
  });

  it('finds the end among more checkpoints than it reads', async () => {
    const log = logOf(0);
    for (let offset = 0; offset < 200; offset++) {
      log.put(1, offset, `record ${offset}`);
      await sealAll(log);
    }
    expect(await verdictOf(log)).toMatchObject({ findings: [], checkpoints: 200, records: 200 });
  });

  it('does no harm when another sealer is faster', async () => {
    const log = logOf(10);
    const slow = await open(log);
    await slow.readTo(10);
    const quick = await open(log);
    await quick.readTo(4);
    await quick.seal(); // After the slow one has looked.
    await slow.seal();
    const verdict = await verdictOf(log);
    expect(verdict).toMatchObject({ findings: [], records: 10, sealedTo: 10, checkpoints: 2 });
    expect(log.recordsOf(topics.audit, 1)).toHaveLength(3);
  });

  it('does no harm when two seal the same at the same time, over and over', async () => {
    const log = logOf(0);
    const both = [await open(log), await open(log)];
    for (let round = 0; round < 30; round++) {
      for (let more = 0; more <= round % 4; more++) {
        const { end } = await log.bounds(sealedTopic, 1);
        log.put(1, end, `record ${end}`);
      }
      const { end } = await log.bounds(sealedTopic, 1);
      await both[0]!.readTo(end);
      await both[1]!.readTo(Math.max(0, end - (round % 3)));
      await Promise.all(both.map((sealer) => sealer.seal()));
    }
    const { end } = await log.bounds(sealedTopic, 1);
    expect(await verdictOf(log)).toMatchObject({ findings: [], records: end, sealedTo: end });
  });

  it('reads from the log what a batch leaves out, and passes over what is sealed', async () => {
    const log = logOf(30);
    await sealAll(log);
    for (let offset = 30; offset < 60; offset++) log.put(1, offset, `record ${offset}`);
    const sealer = await open(log);
    await sealer.add(log.recordsOf(sealedTopic, 1).slice(40, 50));
    await sealer.add(log.recordsOf(sealedTopic, 1).slice(20, 55));
    await sealer.seal();
    expect(await verdictOf(log)).toMatchObject({ findings: [], records: 55, sealedTo: 55, unsealed: 5 });
  });

  it('takes a checkpoint that the log wrote twice for one', async () => {
    const log = logOf(5);
    await sealAll(log);
    const audit = log.recordsOf(topics.audit, 1);
    audit.push({ ...audit[0]!, offset: 1 });
    log.put(1, 5, 'more');
    await sealAll(log);
    expect(await verdictOf(log)).toMatchObject({ findings: [], checkpoints: 2, sealedTo: 6 });
  });
});

describe('a checkpoint', () => {
  it('lies in the partition of the same number as what it seals', () => {
    for (const partitions of [1, 2, 12, 64, 1_024]) {
      const numbers = Array.from({ length: partitions }, (_, index) => index);
      expect(numbers.map((number) => partitionOf(keyLeadingTo(number, partitions), partitions))).toEqual(numbers);
    }
  });
});
