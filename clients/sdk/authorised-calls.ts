/** Calls of the HTTP API in the name of a device. */
import { type ApiCall, callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export class AuthorisedCalls {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
  }

  /** @throws ParleyError */
  async call<T>(method: ApiCall['method'], path: string, body?: object): Promise<T> {
    const accessToken = await this.#credentials.accessToken(false);
    return callApi<T>(this.#baseUrl, { method, path, accessToken, ...(body === undefined ? {} : { body }) });
  }
}
