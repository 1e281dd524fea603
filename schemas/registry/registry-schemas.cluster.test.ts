import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { EventCodec } from '../codec/event-codec.ts';
import { type CommittedSchema, committedSchemas } from '../history/committed.ts';
import { shapeOf } from '../history/schema-shape.ts';
import { ConfluentApi } from './confluent-api.ts';
import { registerHistory } from './register.ts';
import { RegistrySchemas } from './registry-schemas.ts';

const url = process.env['PARLEY_REGISTRY_URL'] ?? 'http://127.0.0.1:18081/apis/ccompat/v7';
const api = new ConfluentApi({ url });

const record = (name: string, ...fields: unknown[]): Record<string, unknown> => ({
  type: 'record',
  name,
  namespace: 'parley.events',
  fields,
});
const id = { name: 'id', type: 'string' };
const note = { name: 'note', type: ['null', 'string'], default: null };

/** A history of its own, in subjects that nobody else has. */
function ownHistory(): { name: string; subject: string; history: CommittedSchema[] } {
  const name = `Test${randomUUID().replaceAll('-', '')}`;
  const subject = `parley.events.${name}`;
  const base = { event: 'dead_letter', subject, compatibility: 'FULL_TRANSITIVE' } as const;
  const history = [
    { ...base, id: 1, version: 1, current: false, schema: record(name, id) },
    { ...base, id: 2, version: 2, current: true, schema: record(name, id, note) },
  ];
  return { name, subject, history };
}

describe('the registry', () => {
  it('takes the committed history, any number of times, under its compatibilities', async () => {
    const first = await registerHistory({ url });
    expect(await registerHistory({ url })).toEqual(first);
    for (const { subject, compatibility } of committedSchemas) {
      expect(await api.compatibilityOf(subject)).toBe(compatibility);
    }
    const schemas = await RegistrySchemas.connect({ url });
    expect(schemas.known().map((known) => known.id)).toEqual(first.map((registered) => registered.id));
    for (const known of schemas.known()) expect(shapeOf(await api.schemaOf(known.id))).toBe(shapeOf(known.schema));
    const codec = new EventCodec(schemas);
    const letter = {
      topic: 't',
      partition: 1,
      offset: 2,
      timestamp_ms: 3,
      key: null,
      value: null,
      code: 'c',
      detail: '',
    };
    expect(codec.decode(codec.encode('dead_letter', letter)).event).toEqual(letter);
  });

  it('takes all versions in order and then refuses a breaking one', async () => {
    const { name, subject, history } = ownHistory();
    await registerHistory({ url }, history);
    const schemas = await RegistrySchemas.connect({ url, history });
    expect(schemas.known().map((known) => known.current)).toEqual([false, true]);
    await expect(api.register(subject, record(name, note))).rejects.toMatchObject({ code: 'schema_incompatible' });
    const broken: CommittedSchema[] = [...history, { ...history[1]!, version: 3, schema: record(name, note) }];
    await expect(registerHistory({ url }, broken)).rejects.toMatchObject({ code: 'schema_incompatible' });
  });

  it('is asked before a build starts whose schema it lacks', async () => {
    const { history } = ownHistory();
    await expect(RegistrySchemas.connect({ url, history })).rejects.toMatchObject({ code: 'schema_not_registered' });
    await registerHistory({ url }, history.slice(0, 1));
    await expect(RegistrySchemas.connect({ url, history })).rejects.toMatchObject({ code: 'schema_not_registered' });
  });

  it('rule 7: tells poison from a schema of a newer build, and from silence', async () => {
    const { name, subject, history } = ownHistory();
    await registerHistory({ url }, history);
    const schemas = await RegistrySchemas.connect({ url, history });
    expect(await schemas.resolve(2_000_000_000)).toBeNull();
    const newer = await api.register(subject, record(name, id, note, { ...note, name: 'more' }));
    await expect(schemas.resolve(newer)).rejects.toMatchObject({ code: 'schema_unknown' });
    const foreign = `com.example.${name}`;
    const foreignId = await api.register(foreign, { ...record(name, id), namespace: 'com.example' });
    expect(await schemas.resolve(foreignId)).toBeNull();
    const closed = RegistrySchemas.connect({ url: 'http://127.0.0.1:9', history });
    await expect(closed).rejects.toMatchObject({ code: 'unavailable' });
  });
});
