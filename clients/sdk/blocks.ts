/**
 * Whom the user has blocked. What a blocked user sends from then on never comes here, also not after an unblock; to them it looks
 * sent. What is sent to a blocked user is refused with `blocked_by_you`.
 */
import { callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export interface Block {
  readonly userId: string;
  readonly blockedAtMs: number;
}

interface PageAnswer {
  blocks: { user_id: string; blocked_at_ms: number }[];
  next: string | null;
}

export class BlocksApi {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
  }

  /** False: it is made, and on its way into the conversation. @throws ParleyError `not_found`, `too_many_blocks` */
  block(userId: string): Promise<boolean> {
    return this.#change('PUT', userId);
  }

  /** False: it is made, and on its way into the conversation. */
  unblock(userId: string): Promise<boolean> {
    return this.#change('DELETE', userId);
  }

  /** All of them, page by page. */
  async list(): Promise<readonly Block[]> {
    const found: Block[] = [];
    let after = '';
    for (;;) {
      const accessToken = await this.#credentials.accessToken(false);
      const path = `/v1/blocks${after === '' ? '' : `?after=${after}`}`;
      const page = await callApi<PageAnswer>(this.#baseUrl, { method: 'GET', path, accessToken });
      found.push(...page.blocks.map(({ user_id, blocked_at_ms }) => ({ userId: user_id, blockedAtMs: blocked_at_ms })));
      if (page.next === null) return found;
      after = page.next;
    }
  }

  async #change(method: 'PUT' | 'DELETE', userId: string): Promise<boolean> {
    const accessToken = await this.#credentials.accessToken(false);
    const call = { method, path: `/v1/blocks/${userId}`, accessToken };
    return (await callApi<{ settled: boolean }>(this.#baseUrl, call)).settled;
  }
}
