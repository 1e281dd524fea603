/** The user's address book, and who of a list of phone numbers is a user, over HTTP. */
import { AuthorisedCalls } from './authorised-calls.ts';
import type { Credentials } from './connection.ts';

export interface Contact {
  readonly userId: string;
  /** What the user calls them. */
  readonly label: string;
}

export interface ContactPage {
  readonly contacts: readonly Contact[];
  /** Pass it as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

export interface DiscoveredUser {
  readonly userId: string;
  /** As it was asked. */
  readonly phoneNumber: string;
}

interface ContactAnswer {
  user_id: string;
  label: string;
}

/** Of one call each. */
const maxNumbers = 1_000;
const maxContacts = 200;

export class ContactsApi {
  readonly #calls: AuthorisedCalls;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#calls = new AuthorisedCalls(baseUrl, credentials);
  }

  /**
   * Who of the numbers is a user; without a country code they are of the country of the user's own number. The day's budget is
   * counted in numbers: ask for those that are new in the address book.
   * @throws ParleyError `rate_limited` says when the budget is whole again
   */
  async discover(phoneNumbers: readonly string[]): Promise<readonly DiscoveredUser[]> {
    const found: DiscoveredUser[] = [];
    for (let i = 0; i < phoneNumbers.length; i += maxNumbers) {
      const phone_numbers = phoneNumbers.slice(i, i + maxNumbers);
      const answer = await this.#calls.call<{ users: { user_id: string; phone_number: string }[] }>(
        'POST',
        '/v1/contact-discovery',
        { phone_numbers },
      );
      for (const one of answer.users) found.push({ userId: one.user_id, phoneNumber: one.phone_number });
    }
    return found;
  }

  /** Adds contacts, or changes their labels; each call of 200 takes all of them or none. @throws ParleyError */
  async put(contacts: readonly Contact[]): Promise<void> {
    for (let i = 0; i < contacts.length; i += maxContacts) {
      const part = contacts.slice(i, i + maxContacts).map(({ userId, label }) => ({ user_id: userId, label }));
      await this.#calls.call('PUT', '/v1/contacts', { contacts: part });
    }
  }

  /** @throws ParleyError */
  remove(userId: string): Promise<void> {
    return this.#calls.call('DELETE', `/v1/contacts/${userId}`);
  }

  /** In the order of their labels; those with the search in it, whatever its case and accents. @throws ParleyError */
  async list({ search = '', after = null as string | null, limit = maxContacts } = {}): Promise<ContactPage> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (search !== '') query.set('search', search);
    if (after !== null) query.set('after', after);
    const answer = await this.#calls.call<{ contacts: ContactAnswer[]; next: string | null }>(
      'GET',
      `/v1/contacts?${query}`,
    );
    return { contacts: answer.contacts.map(({ user_id, label }) => ({ userId: user_id, label })), next: answer.next };
  }
}
