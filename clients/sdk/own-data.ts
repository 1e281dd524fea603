/** What is kept of the user: taken away as JSON, and ended with the account. */
import { AuthorisedCalls } from './authorised-calls.ts';
import type { Credentials } from './connection.ts';

export interface ExportedAccount {
  readonly exported_at_ms: number;
  readonly profile: { readonly user_id: string; readonly phone_number: string; readonly display_name: string };
  readonly privacy: object;
  readonly devices: readonly { readonly device_id: string; readonly name: string }[];
  readonly contacts: readonly { readonly user_id: string; readonly label: string }[];
  readonly conversations: readonly { readonly conversation_id: string; readonly last_seq: number }[];
  readonly messages: readonly {
    readonly conversation_id: string;
    readonly message_id: string;
    readonly seq: number;
    /** Base64. */
    readonly encrypted_body: string;
  }[];
  /** False: there were more messages than an export reads. */
  readonly messages_complete: boolean;
}

export class OwnDataApi {
  readonly #calls: AuthorisedCalls;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#calls = new AuthorisedCalls(baseUrl, credentials);
  }

  /** Twice a day. Rejects if the answer broke off. @throws ParleyError */
  take(): Promise<ExportedAccount> {
    return this.#calls.call<ExportedAccount>('GET', '/v1/me/export');
  }

  /** Sends a code to the user's phone; development servers answer with it. @throws ParleyError */
  async requestDeletion(): Promise<string | null> {
    return (await this.#calls.call<{ dev_code?: string }>('POST', '/v1/me/deletion')).dev_code ?? null;
  }

  /** For good, on all devices. @throws ParleyError `invalid_code`, `too_many_attempts` */
  deleteAccount(code: string): Promise<void> {
    return this.#calls.call('POST', '/v1/me/deletion/confirm', { code });
  }
}
