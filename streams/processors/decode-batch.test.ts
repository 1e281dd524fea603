import { EventCodec, type KnownSchema, type SchemaResolver } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { expect, it } from 'vitest';
import { decodeBatch } from './decode-batch.ts';
import { MemoryPoison, record } from './processor.fixture.ts';

class Registry implements SchemaResolver {
  readonly answer: () => Promise<KnownSchema | null>;

  constructor(answer: () => Promise<KnownSchema | null>) {
    this.answer = answer;
  }

  known(): readonly KnownSchema[] {
    return new EmbeddedSchemas().known();
  }

  resolve(): Promise<KnownSchema | null> {
    return this.answer();
  }
}

const unknownId = () => record('chat.receipts', Buffer.from([0, 0, 99, 99, 99, 1]), 0);

it('rule 7: a registry that does not answer, and a schema of a later version, stop the batch', async () => {
  for (const code of ['unavailable', 'schema_unknown'] as const) {
    const poison = new MemoryPoison();
    const codec = new EventCodec(new Registry(() => Promise.reject(new ParleyError(code))));
    await expect(decodeBatch([unknownId()], 'receipt_advanced', codec, poison)).rejects.toThrow(code);
    expect(poison.buried).toEqual([]);
  }
});

it('rule 7: an id that the registry never gave out is poison', async () => {
  const poison = new MemoryPoison();
  const codec = new EventCodec(new Registry(() => Promise.resolve(null)));
  expect(await decodeBatch([unknownId()], 'receipt_advanced', codec, poison)).toEqual([]);
  expect(poison.buried.map(({ error }) => error.code)).toEqual(['poison_schema']);
});

it('a dead letter that cannot be kept stops the batch', async () => {
  const codec = new EventCodec(new EmbeddedSchemas());
  const poison = { bury: () => Promise.reject(new ParleyError('log_unavailable')) };
  const records = [record('chat.receipts', null, 0)];
  await expect(decodeBatch(records, 'receipt_advanced', codec, poison)).rejects.toThrow('log_unavailable');
});
