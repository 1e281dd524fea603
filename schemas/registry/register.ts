/**
 * Registers the committed history at a registry: every version in order, under its subject's compatibility.
 *
 * Confluent takes a compatibility for a subject that is not there yet, and would judge the first versions by its own default
 * without one; Apicurio knows a subject only once it has a version. So the compatibility is set first where that is possible,
 * and else right after the first version, which nothing is compared with.
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
    const wasSet = configured.has(subject) || (await api.setCompatibility(subject, compatibility));
    const id = await api.register(subject, schema);
    if (!wasSet) await api.setCompatibility(subject, compatibility);
    configured.add(subject);
    registered.push({ subject, version, id });
  }
  return registered;
}
