/** Who may know what of the user: asked and changed over HTTP. */
import { callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export interface Privacy {
  /** Who may see whether the user is online and when they were last. The user sees no more of others. */
  readonly lastSeen: 'everyone' | 'contacts' | 'nobody';
  /** False: nobody learns what the user has read, and the user not what others have. */
  readonly readReceipts: boolean;
}

interface PrivacyAnswer {
  last_seen: Privacy['lastSeen'];
  read_receipts: boolean;
}

const path = '/v1/me/privacy';
const toPrivacy = (answer: PrivacyAnswer): Privacy => ({
  lastSeen: answer.last_seen,
  readReceipts: answer.read_receipts,
});

export class PrivacyApi {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
  }

  /** @throws ParleyError */
  async get(): Promise<Privacy> {
    const accessToken = await this.#credentials.accessToken(false);
    return toPrivacy(await callApi<PrivacyAnswer>(this.#baseUrl, { method: 'GET', path, accessToken }));
  }

  /** What is left out stays; resolves to the whole afterwards. Felt everywhere within a minute. @throws ParleyError */
  async change({ lastSeen, readReceipts }: Partial<Privacy>): Promise<Privacy> {
    const accessToken = await this.#credentials.accessToken(false);
    const body = { last_seen: lastSeen, read_receipts: readReceipts };
    return toPrivacy(await callApi<PrivacyAnswer>(this.#baseUrl, { method: 'PATCH', path, body, accessToken }));
  }
}
