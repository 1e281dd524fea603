import { describe, expect, it } from 'vitest';
import { EventCodec } from '../codec/event-codec.ts';
import { type CommittedSchema, committedSchemas } from '../history/committed.ts';
import { EmbeddedSchemas } from './embedded-schemas.ts';
import { registerHistory } from './register.ts';
import { RegistrySchemas } from './registry-schemas.ts';

const url = 'http://registry.test/';

/** A registry's answers, in memory: enough of the API to be looked things up in, and to fail on purpose. */
class MemoryRegistry {
  readonly schemas: { subject: string; schema: string }[] = [];
  readonly compatibility = new Map<string, string>();
  /** What it does instead of answering. */
  fault: (() => Response) | null = null;
  readonly calls: string[] = [];

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const path = String(input).slice(url.length - 1);
    this.calls.push(`${init?.method} ${path}`);
    if (this.fault !== null) return this.fault();
    const body = init?.body === undefined ? {} : (JSON.parse(String(init.body)) as Record<string, string>);
    const [kind, name = '', versions] = path.split('/').slice(1);
    if (kind === 'config') {
      this.compatibility.set(name, body['compatibility']!);
      return Response.json({ compatibility: body['compatibility'] });
    }
    if (kind === 'schemas') {
      const found = this.schemas[Number(path.split('/')[3]) - 100];
      return found ? Response.json({ schema: found.schema }) : Response.json({ error_code: 40403 }, { status: 404 });
    }
    let at = this.schemas.findIndex((known) => known.subject === name && known.schema === body['schema']);
    if (at < 0 && versions === 'versions') at = this.schemas.push({ subject: name, schema: body['schema']! }) - 1;
    return at < 0 ? Response.json({ error_code: 40401 }, { status: 404 }) : Response.json({ id: 100 + at });
  };

  add(subject: string, schema: unknown): number {
    return this.schemas.push({ subject, schema: JSON.stringify(schema) }) + 99;
  }
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe('RegistrySchemas', () => {
  it('finds the ids of the history that was registered, so that records are written and read with them', async () => {
    const registry = new MemoryRegistry();
    registry.add('com.example.Other', { type: 'string' });
    await registerHistory({ url, fetch: registry.fetch });
    const schemas = await RegistrySchemas.connect({ url, fetch: registry.fetch });
    expect(schemas.known().map(({ id, event }) => [id, event])).toEqual(
      committedSchemas.map(({ event }, i) => [101 + i, event]),
    );
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
    const bytes = codec.encode('dead_letter', letter);
    expect(bytes.readUInt32BE(1)).toBe(schemas.known().find(({ event }) => event === 'dead_letter')!.id);
    expect(codec.decode(bytes)).toEqual({ name: 'dead_letter', event: letter });
  });

  it('sets the compatibility of every subject before its first version', async () => {
    const registry = new MemoryRegistry();
    await registerHistory({ url, fetch: registry.fetch });
    for (const { subject, compatibility } of committedSchemas) {
      expect(registry.compatibility.get(subject)).toBe(compatibility);
      const calls = registry.calls.filter((call) => call.includes(`/${subject}`));
      expect(calls.slice(0, 2)).toEqual([`PUT /config/${subject}`, `POST /subjects/${subject}/versions`]);
    }
  });

  it('refuses to start without a schema that it writes, and names the command', async () => {
    const registry = new MemoryRegistry();
    const start = RegistrySchemas.connect({ url, fetch: registry.fetch });
    await expect(start).rejects.toThrow(`npm run schemas -- register --url ${url}`);
    expect(await codeOf(start)).toBe('schema_not_registered');
  });

  it('starts without a version of old that nobody registered, and learns it once somebody did', async () => {
    const registry = new MemoryRegistry();
    const old: CommittedSchema = {
      ...committedSchemas[0]!,
      current: false,
      schema: { type: 'record', name: 'Old', namespace: 'parley.events', fields: [] },
    };
    const history = [old, ...committedSchemas];
    await registerHistory({ url, fetch: registry.fetch });
    const schemas = await RegistrySchemas.connect({ url, fetch: registry.fetch, history });
    expect(schemas.known()).toHaveLength(committedSchemas.length);
    const id = registry.add(old.subject, old.schema);
    expect(await schemas.resolve(id)).toEqual({ id, event: old.event, schema: old.schema, current: false });
  });

  it('rule 7: an id that the registry does not know is poison; one that only a newer version knows is not', async () => {
    const registry = new MemoryRegistry();
    await registerHistory({ url, fetch: registry.fetch });
    const schemas = await RegistrySchemas.connect({ url, fetch: registry.fetch });
    expect(await schemas.resolve(99_999)).toBeNull();
    const newer = registry.add('parley.events.MessageSent', {
      type: 'record',
      name: 'MessageSent',
      namespace: 'parley.events',
      fields: [],
    });
    expect(await codeOf(schemas.resolve(newer))).toBe('schema_unknown');
    const foreign = registry.add('com.example.Order', {
      type: 'record',
      name: 'Order',
      namespace: 'com.example',
      fields: [],
    });
    expect(await schemas.resolve(foreign)).toBeNull();
    expect(await schemas.resolve(registry.add('text', 'string'))).toBeNull();
  });

  it.each<[string, () => Response]>([
    [
      'does not answer',
      () => {
        throw new TypeError('fetch failed');
      },
    ],
    ['answers 500', () => Response.json({ message: 'oops' }, { status: 500 })],
    ['answers 401', () => Response.json({ message: 'who are you' }, { status: 401 })],
    ['answers something that is not JSON', () => new Response('<html>', { status: 200 })],
    ['answers without the schema', () => Response.json({})],
    ['answers 404 by a proxy', () => new Response('<html>not found</html>', { status: 404 })],
    ['answers 404 for a wrong path', () => Response.json({ message: 'not found' }, { status: 404 })],
  ])('rule 7: nothing is poison because the registry %s', async (_what, fault) => {
    const registry = new MemoryRegistry();
    await registerHistory({ url, fetch: registry.fetch });
    const schemas = await RegistrySchemas.connect({ url, fetch: registry.fetch });
    registry.fault = fault;
    expect(await codeOf(schemas.resolve(99_999))).toBe('unavailable');
    expect(await codeOf(RegistrySchemas.connect({ url, fetch: registry.fetch }))).toBe('unavailable');
    const codec = new EventCodec(schemas);
    const record = Buffer.from([0, 0, 1, 134, 159, 0]);
    expect(codec.needsLookup(record)).toBe(true);
    expect(await codeOf(codec.prepare(record))).toBe('unavailable');
  });
});

describe('EmbeddedSchemas', () => {
  it('has the fixed ids of the history and no others', async () => {
    const schemas = new EmbeddedSchemas();
    for (const { id, event } of committedSchemas) expect(await schemas.resolve(id)).toMatchObject({ id, event });
    expect(await schemas.resolve(0)).toBeNull();
    expect(schemas.known().filter((known) => known.current).length).toBe(
      new Set(schemas.known().map((known) => known.event)).size,
    );
  });
});
