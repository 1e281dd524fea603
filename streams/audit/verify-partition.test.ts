import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../log/log.ts';
import { topics } from '../log/topics.ts';
import { checkpointHash } from './checkpoint-chain.ts';
import { Findings } from './findings.ts';
import { PartitionSealer } from './partition-sealer.ts';
import { codec, PlainLog, sealedTopic } from './plain-log.fixture.ts';
import { PartitionVerifier } from './verify-partition.ts';

const clock = { nowMs: () => 5_000_000 };

async function seal(log: PlainLog): Promise<void> {
  const sealer = await PartitionSealer.open({ log, codec, clock }, sealedTopic, 0);
  await sealer.readTo((await log.bounds(sealedTopic, 0)).end);
  await sealer.seal();
}

/** Records at growing offsets, with the gaps that Kafka leaves, sealed whenever so many have come. */
async function sealedLog(gaps: readonly number[], sealAfter: number): Promise<PlainLog> {
  const log = new PlainLog();
  let offset = 0;
  for (const [index, gap] of gaps.entries()) {
    offset += gap;
    log.put(0, offset, `record ${index}`);
    offset += 1;
    if ((index + 1) % sealAfter === 0) await seal(log);
  }
  await seal(log);
  return log;
}

async function verify(log: PlainLog, { fromOffset = 0, anchors = [] as string[] } = {}) {
  const findings = new Findings();
  const audit = { topic: sealedTopic, partition: 0, fromOffset };
  const verdict = await new PartitionVerifier({ log, codec }, audit, findings).verify(new Set(anchors));
  const named = findings.listed.map(({ topic, offset, what }) =>
    topic === sealedTopic ? `${what} ${offset}` : `checkpoint ${what} ${offset}`,
  );
  return { ...verdict, named, findings };
}

const gapsOf = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 60 });
const world = { gaps: gapsOf, sealAfter: fc.integer({ min: 1, max: 25 }), at: fc.nat() };

/** Changes the records and says which findings must come of it. */
type Tampering = (records: LogRecord[], at: number) => string[];

const replace = (records: LogRecord[], at: number, change: Partial<LogRecord>) => {
  records[at] = { ...records[at]!, ...change };
  return [`changed ${records[at]!.offset}`];
};

const flipped = (bytes: Buffer | null) => {
  const other = Buffer.from(bytes!);
  other[other.length - 1]! ^= 1;
  return other;
};

const tamperings: Record<string, Tampering> = {
  'a byte of the value': (records, at) => replace(records, at, { value: flipped(records[at]!.value) }),
  'a byte of the key': (records, at) => replace(records, at, { key: flipped(records[at]!.key) }),
  'the timestamp': (records, at) => replace(records, at, { timestampMs: records[at]!.timestampMs + 1 }),
  'a value taken out': (records, at) => replace(records, at, { value: null }),
  'a header': (records, at) => replace(records, at, { headers: [{ name: 'x', value: Buffer.from('y') }] }),
  'a record dropped': (records, at) => [`removed ${records.splice(at, 1)[0]!.offset}`],
  'two records swapped': (records, first) => {
    const second = (first + 1 + Math.floor(records.length / 3)) % records.length;
    const [a, b] = [records[first]!, records[second]!];
    if (a === b) return replace(records, first, { value: null });
    records[first] = { ...b, offset: a.offset };
    records[second] = { ...a, offset: b.offset };
    return [`reordered ${Math.min(a.offset, b.offset)}`, `reordered ${Math.max(a.offset, b.offset)}`];
  },
};

describe('an audit', () => {
  it('finds nothing in a log that nobody touched, whatever offsets it leaves out', () =>
    fc.assert(
      fc.asyncProperty(gapsOf, world.sealAfter, async (gaps, sealAfter) => {
        const log = await sealedLog(gaps, sealAfter);
        const { named, records, sealedTo, checkpoints } = await verify(log);
        expect(named).toEqual([]);
        expect(records).toBe(gaps.length);
        expect(sealedTo).toBe((await log.bounds(sealedTopic, 0)).end);
        expect(checkpoints).toBe(Math.ceil(gaps.length / sealAfter));
      }),
    ));

  it.each(Object.entries(tamperings))('names what was tampered with: %s', (_title, tamper) =>
    fc.assert(
      fc.asyncProperty(world.gaps, world.sealAfter, world.at, async (gaps, sealAfter, at) => {
        const log = await sealedLog(gaps, sealAfter);
        const records = log.recordsOf(sealedTopic, 0);
        const expected = tamper(records, at % records.length);
        const { named } = await verify(log);
        expect(named).toEqual(expected);
      }),
    ),
  );

  it.each([1, 4, 10, 30])(
    'names what is gone from, or new in, a log that was written anew (blocks of %i)',
    async (size) => {
      const renumber = (records: LogRecord[]) => {
        records.forEach((record, offset) => {
          records[offset] = { ...record, offset };
        });
      };
      const shorter = await sealedLog(new Array<number>(30).fill(0), size);
      shorter.recordsOf(sealedTopic, 0).splice(12, 1);
      renumber(shorter.recordsOf(sealedTopic, 0));
      expect((await verify(shorter)).named.sort()).toEqual(['removed 12', expect.stringMatching(/^renumbered/)]);

      const longer = await sealedLog(new Array<number>(30).fill(0), size);
      const records = longer.recordsOf(sealedTopic, 0);
      records.splice(12, 0, records[11]!);
      renumber(records);
      expect((await verify(longer)).named.sort()).toEqual(['added 12', expect.stringMatching(/^renumbered/)]);
    },
  );

  it('names each of several in a long log that was written anew, and finds its way back', async () => {
    const log = await sealedLog(new Array<number>(4_000).fill(0), 700);
    const records = log.recordsOf(sealedTopic, 0);
    replace(records, 3_900, { timestampMs: 0 });
    records.splice(2_500, 0, { ...records[0]!, value: Buffer.from('forged') });
    records.splice(1_390, 20);
    records.forEach((record, offset) => {
      records[offset] = { ...record, offset };
    });
    const { named } = await verify(log);
    const removed = Array.from({ length: 20 }, (_, index) => `removed ${1_390 + index}`);
    const told = named.filter((name) => !name.startsWith('renumbered'));
    expect(told).toEqual([...removed, 'added 2480', 'changed 3900']);
  });

  it('tells a record that is gone from its neighbour that was changed', async () => {
    const log = await sealedLog(new Array<number>(10).fill(0), 4);
    const records = log.recordsOf(sealedTopic, 0);
    replace(records, 6, { timestampMs: 0 });
    records.splice(5, 1);
    expect((await verify(log)).named).toEqual(['removed 5', 'changed 6']);
  });

  it('names what is gone from the end', async () => {
    const log = await sealedLog(new Array<number>(10).fill(0), 4);
    log.recordsOf(sealedTopic, 0).splice(7);
    expect((await verify(log)).named).toEqual(['removed 7', 'removed 8', 'removed 9']);
  });

  it('counts what is not sealed yet, and says nothing of it', async () => {
    const log = await sealedLog([0, 0, 0], 10);
    log.put(0, 3, 'later');
    const { named, unsealed, sealedTo } = await verify(log);
    expect({ named, unsealed, sealedTo }).toEqual({ named: [], unsealed: 1, sealedTo: 3 });
  });

  it('looks only at blocks from an offset on, if told so', async () => {
    const log = await sealedLog(new Array<number>(30).fill(0), 10);
    for (const at of [5, 15, 25]) replace(log.recordsOf(sealedTopic, 0), at, { timestampMs: 0 });
    expect((await verify(log, { fromOffset: 10 })).named).toEqual(['changed 15', 'changed 25']);
  });

  it('lists no more than a bounded number of findings, and counts them all', async () => {
    const log = await sealedLog(new Array<number>(300).fill(0), 100);
    log.recordsOf(sealedTopic, 0).splice(0);
    const { findings } = await verify(log);
    expect([findings.listed.length, findings.count]).toEqual([100, 300]);
  });
});

describe('an audit of the checkpoints themselves', () => {
  const tampered = async (tamper: (checkpoints: LogRecord[]) => void) => {
    const log = await sealedLog(new Array<number>(50).fill(0), 10);
    tamper(log.recordsOf(topics.audit, 0));
    return verify(log);
  };
  const rewritten = (record: LogRecord, change: (checkpoint: { sealed_at_ms: number; chain: Buffer }) => object) => {
    const decoded = codec.decode(record.value);
    if (decoded.name !== 'audit_checkpoint') throw new Error('no checkpoint');
    const value = codec.encode('audit_checkpoint', { ...decoded.event, ...change(decoded.event) });
    return { ...record, value };
  };

  it('names one that was changed', async () => {
    const { named } = await tampered((all) => {
      all[2] = rewritten(all[2]!, () => ({ sealed_at_ms: 1 }));
    });
    expect(named).toEqual(['checkpoint changed 3']);
  });

  it('names one whose chain is not that of its records, even the last', async () => {
    const { named } = await tampered((all) => {
      all[4] = rewritten(all[4]!, ({ chain }) => ({ chain: flipped(chain) }));
    });
    expect(named).toEqual(['checkpoint changed 4']);
  });

  it('names one that is gone', async () => {
    expect((await tampered((all) => all.splice(2, 1))).named).toEqual(['checkpoint removed 3']);
  });

  it('names two that were swapped', async () => {
    const { named } = await tampered((all) => {
      [all[1], all[2]] = [
        { ...all[2]!, offset: 1 },
        { ...all[1]!, offset: 2 },
      ];
    });
    expect(named).toContain('checkpoint reordered 2');
  });

  it('names what is no checkpoint, and one of another partition', async () => {
    const { named } = await tampered((all) => {
      all.push({ ...all[0]!, offset: 5, value: Buffer.from('nothing') });
      all.push(rewritten({ ...all[0]!, offset: 6 }, () => ({ partition: 2 })));
    });
    expect(named).toEqual(['checkpoint changed 5', 'checkpoint added 6']);
  });

  it('finds a log and its checkpoints cut off together by an anchor alone', async () => {
    const log = await sealedLog(new Array<number>(50).fill(0), 10);
    const { head } = await verify(log);
    log.recordsOf(sealedTopic, 0).splice(40);
    log.recordsOf(topics.audit, 0).splice(4);
    const { named, anchored } = await verify(log, { anchors: [head.hash] });
    expect(named).toEqual([]);
    expect([...anchored]).toEqual([]);
  });

  it('meets an anchor that was taken earlier', async () => {
    const log = await sealedLog(new Array<number>(50).fill(0), 10);
    const earlier = checkpointHash(log.recordsOf(topics.audit, 0)[1]!.value!).toString('hex');
    expect([...(await verify(log, { anchors: [earlier] })).anchored]).toEqual([earlier]);
  });
});
