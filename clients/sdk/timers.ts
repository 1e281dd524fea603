/**
 * The disappearing timer of a conversation. A message must name the one in force (`timerSeconds` of `send`): after a change, which
 * comes as a system message of kind `timer`, one that names another is refused with `timer_changed`.
 */
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

/** A group by its id, a 1:1 conversation by the other user. */
export type Conversation = { readonly groupId: string } | { readonly peerId: string };

interface TimerAnswer {
  timer_seconds: number;
}

export class TimersApi {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
  }

  /** 0 for off. @throws ParleyError `not_found` */
  async get(conversation: Conversation): Promise<number> {
    const query = 'peerId' in conversation ? `?peer_id=${conversation.peerId}` : '';
    const path = this.#pathOf(conversation) + query;
    const accessToken = await this.#credentials.accessToken(false);
    return (await callApi<TimerAnswer>(this.#baseUrl, { method: 'GET', path, accessToken })).timer_seconds;
  }

  /** Off, 24 hours, 7 days or 90 days, for what is sent from now on. @throws ParleyError `not_found`, `forbidden` */
  async set(conversation: Conversation, timerSeconds: number): Promise<void> {
    const peer = 'peerId' in conversation ? { peer_id: conversation.peerId } : {};
    const body = { timer_seconds: timerSeconds, ...peer };
    const accessToken = await this.#credentials.accessToken(false);
    await callApi(this.#baseUrl, { method: 'PUT', path: this.#pathOf(conversation), body, accessToken });
  }

  #pathOf(conversation: Conversation): string {
    const { userId } = this.#credentials;
    const id = 'groupId' in conversation ? conversation.groupId : directConversationId(userId, conversation.peerId);
    return `/v1/conversations/${id}/timer`;
  }
}
