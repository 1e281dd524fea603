/** The few calls of the Confluent Schema Registry's HTTP API that Parley makes; Apicurio's ccompat/v7 answers the same. */
import { ParleyError } from '../errors/parley-error.ts';
import type { Compatibility } from '../history/compatibility.ts';

export interface RegistryConnection {
  /** Base URL, as clients of Confluent's registry are given it. */
  readonly url: string;
  /** Value of the Authorization header, where the registry wants one. */
  readonly authorization?: string;
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const defaultTimeoutMs = 5_000;
const contentType = 'application/vnd.schemaregistry.v1+json';

/** The registry's own no (40401 to 40499): a 404 of a proxy or of a wrong address says nothing about schemas. */
function isAbsent(status: number, body: Answer['body']): boolean {
  return status === 404 && Math.floor(Number(body['error_code']) / 100) === 404;
}

export class ConfluentApi {
  readonly #connection: RegistryConnection;
  readonly #base: string;

  constructor(connection: RegistryConnection) {
    this.#connection = connection;
    this.#base = connection.url.replace(/\/+$/, '');
  }

  /** Id of a schema that the subject has; null if it has not. */
  async findId(subject: string, schema: unknown): Promise<number | null> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const { status, body } = await this.#call('POST', path, { schema: JSON.stringify(schema) });
    if (isAbsent(status, body)) return null;
    return this.#idOf(path, status, body);
  }

  /** The schema that an id names; null if there is none. */
  async schemaOf(id: number): Promise<unknown> {
    const path = `/schemas/ids/${id}`;
    const { status, body } = await this.#call('GET', path);
    if (isAbsent(status, body)) return null;
    if (status !== 200 || typeof body['schema'] !== 'string') throw this.#unexpected(path, status, body);
    return JSON.parse(body['schema']);
  }

  /** Registers, or finds what is registered. @throws ParleyError `schema_incompatible` */
  async register(subject: string, schema: unknown): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { status, body } = await this.#call('POST', path, { schema: JSON.stringify(schema) });
    if (status === 409) throw new ParleyError('schema_incompatible', { detail: `${subject}: ${body['message']}` });
    return this.#idOf(path, status, body);
  }

  /** Of a subject that may not be there yet. */
  async setCompatibility(subject: string, compatibility: Compatibility): Promise<void> {
    const path = `/config/${encodeURIComponent(subject)}`;
    const { status, body } = await this.#call('PUT', path, { compatibility });
    if (status !== 200) throw this.#unexpected(path, status, body);
  }

  async compatibilityOf(subject: string): Promise<string | null> {
    const path = `/config/${encodeURIComponent(subject)}`;
    const { status, body } = await this.#call('GET', path);
    if (isAbsent(status, body)) return null;
    if (status !== 200) throw this.#unexpected(path, status, body);
    return String(body['compatibilityLevel']);
  }

  #idOf(path: string, status: number, body: Answer['body']): number {
    const id = body['id'];
    if (status !== 200 || typeof id !== 'number') throw this.#unexpected(path, status, body);
    return id;
  }

  async #call(method: string, path: string, body?: unknown): Promise<Answer> {
    const { authorization, timeoutMs = defaultTimeoutMs, fetch = globalThis.fetch } = this.#connection;
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: {
          accept: contentType,
          ...(body === undefined ? {} : { 'content-type': contentType }),
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    } catch (cause) {
      throw new ParleyError('unavailable', { detail: 'the schema registry does not answer', cause });
    }
  }

  /** Whatever a registry says that is neither yes nor no is no answer: a record is never poison because of it. */
  #unexpected(path: string, status: number, body: Answer['body']): ParleyError {
    return new ParleyError('unavailable', {
      detail: `the schema registry answered ${status} to ${path}: ${String(body['message'] ?? '')}`,
    });
  }
}
