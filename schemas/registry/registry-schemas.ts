/** Schema ids as a registry gave them: looked up at start for the committed history, and later for ids that are new. */
import type { KnownSchema, SchemaResolver } from '../codec/event-codec.ts';
import { ParleyError } from '../errors/parley-error.ts';
import { type CommittedSchema, committedSchemas } from '../history/committed.ts';
import { shapeOf } from '../history/schema-shape.ts';
import { ConfluentApi, type RegistryConnection } from './confluent-api.ts';

export interface RegistrySchemasOptions extends RegistryConnection {
  /** The history to find ids for; this build's own where it is absent. */
  readonly history?: readonly CommittedSchema[];
}

/** Every event lives in this namespace: a schema of another one was never written by any version of Parley. */
const eventNamespace = 'parley.events.';

export class RegistrySchemas implements SchemaResolver {
  readonly #api: ConfluentApi;
  readonly #history: readonly CommittedSchema[];
  readonly #known: readonly KnownSchema[];

  private constructor(api: ConfluentApi, history: readonly CommittedSchema[], known: readonly KnownSchema[]) {
    this.#api = api;
    this.#history = history;
    this.#known = known;
  }

  /**
   * Finds the ids of the history. A version of old that was never registered here is left out: no record can name it.
   * @throws ParleyError `schema_not_registered` if one that this build writes is not there, `unavailable`
   */
  static async connect(options: RegistrySchemasOptions): Promise<RegistrySchemas> {
    const api = new ConfluentApi(options);
    const history = options.history ?? committedSchemas;
    const ids = await Promise.all(history.map((entry) => api.findId(entry.subject, entry.schema)));
    const missing = history.filter((entry, i) => entry.current && ids[i] === null).map((entry) => entry.subject);
    if (missing.length > 0) {
      throw new ParleyError('schema_not_registered', {
        detail: `${missing.join(', ')}; run: npm run schemas -- register --url ${options.url}`,
      });
    }
    const known = history.flatMap((entry, i) => (ids[i] === null ? [] : [{ ...entry, id: ids[i]! }]));
    return new RegistrySchemas(api, history, known);
  }

  known(): readonly KnownSchema[] {
    return this.#known;
  }

  async resolve(id: number): Promise<KnownSchema | null> {
    const schema = await this.#api.schemaOf(id);
    if (schema === null) return null;
    const shape = shapeOf(schema);
    const entry = this.#history.find((committed) => shapeOf(committed.schema) === shape);
    // A version that another name or another documentation was registered for: bytes are read the same, never written.
    if (entry !== undefined) return { id, event: entry.event, schema: entry.schema, current: false };
    if (!recordNameOf(schema).startsWith(eventNamespace)) return null;
    throw new ParleyError('schema_unknown', { detail: `id ${id}: ${recordNameOf(schema)}` });
  }
}

function recordNameOf(schema: unknown): string {
  const { name, namespace } = (schema ?? {}) as { name?: unknown; namespace?: unknown };
  if (typeof name !== 'string') return '';
  return typeof namespace === 'string' && !name.includes('.') ? `${namespace}.${name}` : name;
}
