/** Schema ids without a registry: those that the committed history fixes. For logs that live in one process. */
import type { KnownSchema, SchemaResolver } from '../codec/event-codec.ts';
import { committedSchemas } from '../history/committed.ts';

export class EmbeddedSchemas implements SchemaResolver {
  known(): readonly KnownSchema[] {
    return committedSchemas;
  }

  /** The history is all there is: what it lacks was written by nobody. */
  async resolve(id: number): Promise<KnownSchema | null> {
    return committedSchemas.find((known) => known.id === id) ?? null;
  }
}
