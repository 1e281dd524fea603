/**
 * Registers the committed history at a registry: every version in order, under its subject's compatibility, which is set before
 * the first version because a registry would else judge by a default of its own (Confluent's is BACKWARD, Apicurio's NONE).
 */
import { type CommittedSchema, committedSchemas } from '../history/committed.ts';
import { ConfluentApi, type RegistryConnection } from './confluent-api.ts';

export interface RegisteredSchema {
  readonly subject: string;
  readonly version: number;
  /** As the registry gave it. */
  readonly id: number;
}

export async function registerHistory(
  connection: RegistryConnection,
  history: readonly CommittedSchema[] = committedSchemas,
): Promise<RegisteredSchema[]> {
  const api = new ConfluentApi(connection);
  const configured = new Set<string>();
  const registered: RegisteredSchema[] = [];
  for (const { subject, version, schema, compatibility } of history) {
    if (!configured.has(subject)) await api.setCompatibility(subject, compatibility);
    configured.add(subject);
    const id = await api.register(subject, schema);
    registered.push({ subject, version, id });
  }
  return registered;
}
