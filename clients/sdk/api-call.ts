/** One call of the HTTP API: its answer, or the error that it names. */
import { isErrorCode } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Without it nobody in particular asks. */
  readonly accessToken?: string;
  /** Made for this call: sent again with the same key it is not done again. */
  readonly requestKey?: string;
}

interface ErrorAnswer {
  error?: { code?: string; detail?: string; retry_after_ms?: number };
}

const timeoutMs = 15_000;

/** Undefined where the answer has no body. @throws ParleyError */
export async function callApi<T>(baseUrl: string, call: ApiCall): Promise<T> {
  const { method, path, body, accessToken, requestKey } = call;
  const response = await fetch(baseUrl + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      ...(requestKey === undefined ? {} : { 'idempotency-key': requestKey }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status === 204) return undefined as T;
  if (response.ok) return (await response.json()) as T;
  const { error } = (await response.json().catch(() => ({}))) as ErrorAnswer;
  const code = error?.code !== undefined && isErrorCode(error.code) ? error.code : 'internal';
  const retry = error?.retry_after_ms === undefined ? {} : { retryAfterMs: error.retry_after_ms };
  throw new ParleyError(code, { detail: error?.detail ?? `HTTP ${response.status}`, ...retry });
}
