/** Who is in a conversation, or was, with the keys of their devices: for a device that writes to all of them. */
import type { MemberRole } from '@parley/schemas/generated/wire';
import { AuthorisedCalls } from './authorised-calls.ts';
import type { Credentials } from './connection.ts';
import type { DeviceIdentity } from './keys.ts';
import type { MembersOptions } from './queries.ts';

export interface MemberKeys {
  readonly userId: string;
  readonly role: MemberRole;
  /** The first message that they see. */
  readonly joinedSeq: number;
  readonly devices: readonly DeviceIdentity[];
}

interface Answer {
  readonly members: ReadonlyArray<{
    readonly user_id: string;
    readonly role: MemberRole;
    readonly joined_seq: number;
    readonly devices: ReadonlyArray<{
      readonly device_id: string;
      readonly key_bundle: string;
      readonly identity_key: string | null;
      readonly signed_prekey: string | null;
    }>;
  }>;
  readonly next: string | null;
}

const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

export class ConversationKeysApi {
  readonly #calls: AuthorisedCalls;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#calls = new AuthorisedCalls(baseUrl, credentials);
  }

  /** Of all members, page by page. @throws ParleyError `not_found` to one who was no member then */
  async of(conversationId: string, { atSeq, atMs }: MembersOptions = {}): Promise<readonly MemberKeys[]> {
    const members: MemberKeys[] = [];
    for (let after: string | null = null; ; ) {
      const query = new URLSearchParams();
      if (atSeq !== undefined) query.set('at_seq', String(atSeq));
      if (atMs !== undefined) query.set('at_ms', String(atMs));
      if (after !== null) query.set('after', after);
      const page: Answer = await this.#calls.call('GET', `/v1/conversations/${conversationId}/keys?${query}`);
      for (const { user_id: userId, role, joined_seq: joinedSeq, devices } of page.members) {
        const keys = devices.map((one) => ({
          deviceId: one.device_id,
          keyBundle: Buffer.from(one.key_bundle, 'base64'),
          identityKey: bytesOf(one.identity_key),
          signedPrekey: bytesOf(one.signed_prekey),
        }));
        members.push({ userId, role, joinedSeq, devices: keys });
      }
      if (page.next === null) return members;
      after = page.next;
    }
  }
}
