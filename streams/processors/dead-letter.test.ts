import { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { alice, bob, direct, group, sent, startMs } from '../conversation/story.fixture.ts';
import { topics } from '../log/topics.ts';
import { decodeConversationRecords } from './conversation-decode.ts';
import { interrupted, World } from './conversation-world.fixture.ts';
import { DeadLetters } from './dead-letter.ts';
import { codec, MemoryLog, MemoryPoison, record } from './processor.fixture.ts';

const lettersIn = (log: MemoryLog) => log.eventsOf(topics.deadLetters, 'dead_letter');
const message = (fields = {}) => codec.encode('message_sent', sent(fields).event);

describe('poison in chat.messages', () => {
  const receipt = codec.encode('receipt_advanced', {
    conversation_id: direct,
    user_id: alice,
    device_id: alice,
    kind: 'read',
    seq: 1,
    ordinal: 1,
    at_ms: startMs,
  });
  const unknownSchema = Buffer.from(message());
  unknownSchema.writeUInt32BE(4_000_000_000, 1);

  it.each([
    ['no value', null, direct, 'poison_format'],
    ['no magic byte', Buffer.from('hello, world'), direct, 'poison_format'],
    ['a schema that nobody committed', unknownSchema, direct, 'poison_schema'],
    ['an event of another topic', receipt, direct, 'poison_schema'],
    ['a body cut short', message().subarray(0, 60), direct, 'poison_payload'],
    ['a sender that is no UUID', message({ sender_id: 'alice' }), direct, 'poison_payload'],
    ['a device in capitals', message({ sender_device_id: alice.toUpperCase() }), direct, 'poison_payload'],
    ['a conversation that is no UUID', message({ conversation_id: 'x' }), 'x', 'poison_payload'],
    ['another key', message(), group, 'poison_key'],
    ['no key', message(), null, 'poison_key'],
  ])('rule 7: %s becomes a dead letter, whole, before the next event is processed', async (_, value, key, code) => {
    const world = new World();
    world.append(sent());
    world.appendRaw(value, key, startMs + 5);
    world.append(sent());
    const atProjection: number[] = [];
    world.interrupt = (step) => {
      if (step === 'project') atProjection.push(lettersIn(world.log).length);
    };
    expect(await (await world.processor()).handle(world.batch())).toBe(3);
    expect(atProjection[0]).toBe(1);
    const keyBytes = key === null ? null : Buffer.from(key);
    expect(lettersIn(world.log)).toMatchObject([
      { topic: topics.messages, partition: 0, offset: 1, timestamp_ms: startMs + 5, key: keyBytes, value, code },
    ]);
    expect([...world.rows.messageRows.values()].map(({ seq }) => seq)).toEqual([1, 2]);
    expect(await world.metrics.getSingleMetricAsString('parley_dead_letters_total')).toContain(
      `parley_dead_letters_total{topic="chat.messages",code="${code}"} 1`,
    );
  });

  it('rule 7: a failing dead-letter topic stops the partition: nothing is skipped', async () => {
    const world = new World();
    world.appendRaw(null, direct, startMs);
    world.append(sent());
    world.log.failWith = interrupted;
    const processor = await world.processor();
    await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    expect(world.rows.messageRows.size).toBe(0);
  });

  it('is buried once by a process whose batch keeps coming again', async () => {
    const world = new World();
    world.appendRaw(null, direct, startMs);
    world.append(sent());
    world.appendRaw(null, direct, startMs);
    const processor = await world.processor();
    let failures = 3;
    world.interrupt = (step) => {
      if (step === 'project' && failures-- > 0) throw interrupted;
    };
    for (let i = 0; i < 3; i++) await expect(processor.handle(world.batch())).rejects.toBe(interrupted);
    expect(await processor.handle(world.batch())).toBe(3);
    expect(lettersIn(world.log).map(({ offset }) => offset)).toEqual([0, 2]);
  });

  it('rule 7: a registry that does not answer, or knows more than this build, is no poison: the batch comes again', async () => {
    for (const code of ['unavailable', 'schema_unknown'] as const) {
      const known = new EmbeddedSchemas().known();
      const failing = new EventCodec({
        known: () => known,
        resolve: () => Promise.reject(new ParleyError(code)),
      });
      const poison = new MemoryPoison();
      const records = [record(topics.messages, unknownSchema, 0)];
      await expect(decodeConversationRecords(records, failing, poison)).rejects.toMatchObject({ code });
      expect(poison.buried).toEqual([]);
    }
  });
});

describe('dead letters', () => {
  const error = new ParleyError('poison_payload', { detail: 'message_sent' });

  it('keep a place where the record itself is too large to be kept', async () => {
    const log = new MemoryLog();
    const append = log.append.bind(log);
    log.append = (one) => {
      if (one.value !== null && one.value.length > 1_000) throw new ParleyError('record_too_large');
      append(one);
    };
    const letters = new DeadLetters({ log, codec, clock: { nowMs: () => 7 }, metrics: new Registry() });
    await letters.bury(record(topics.messages, Buffer.alloc(1_000), 3), error);
    expect(lettersIn(log)).toMatchObject([
      { offset: 3, value: null, code: 'poison_payload', detail: 'message_sent; 1000 bytes are at its offset only' },
    ]);
    // Its own age, not that of the record: it is kept for 30 days from now.
    expect(log.records.get(topics.deadLetters)![0]!.timestampMs).toBe(7);
  });

  it('of several topics and partitions do not hide each other', async () => {
    const log = new MemoryLog();
    const letters = new DeadLetters({ log, codec, clock: { nowMs: () => 7 }, metrics: new Registry() });
    const one = record(topics.messages, null, 5);
    for (const other of [
      one,
      { ...one, partition: 1 },
      { ...one, topic: topics.receipts },
      one,
      { ...one, offset: 6 },
    ]) {
      await letters.bury(other, error);
    }
    expect(lettersIn(log).map(({ topic, partition, offset }) => [topic, partition, offset])).toEqual([
      [topics.messages, 0, 5],
      [topics.messages, 1, 5],
      [topics.receipts, 0, 5],
      [topics.messages, 0, 6],
    ]);
  });

  it('can be sent again: the bytes are the record', async () => {
    const world = new World();
    const good = sent({ sender_id: bob });
    world.appendRaw(codec.encode('message_sent', good.event), group, startMs);
    await (await world.processor()).handle(world.batch());
    const [letter] = lettersIn(world.log);
    world.appendRaw(letter!.value, direct, letter!.timestamp_ms);
    await (await world.processor()).handle(world.batch(1));
    expect(world.rows.row(direct, good.event.message_id)!.seq).toBe(1);
  });
});
