/**
 * Tells those who write with a user, and the user's own devices, that the user's identity changed (frame `identity_changed`).
 *
 * It happens beside the request that changed something. For one user one telling runs at a time: changes that come meanwhile are
 * one telling more after it, which reads the version afresh, so the last frame names the last version. What is lost here (nobody
 * knows the peers because a store is away, or too many changes at once) is counted, and found by whoever compares versions.
 */
import type { ContactHolders } from '@parley/projections/directory/contact-holders';
import type { Identities } from '@parley/projections/directory/identities';
import type { InboxStore } from '@parley/projections/inbox/store';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { hasCode } from '@parley/schemas/errors/parley-error';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Notices } from './notices.ts';

const maxTellings = 1_000;
/** A user's most recent conversations are not known by their ids, so all of them are read, up to here. */
const maxConversations = 10_000;
const conversationsPerRead = 500;

export interface IdentityNoticesDependencies {
  readonly identities: Pick<Identities, 'versionsOf'>;
  readonly inbox: Pick<InboxStore, 'list'>;
  readonly contacts: Pick<ContactHolders, 'holdersOf'>;
  readonly notices: Pick<Notices, 'send'>;
  readonly logger: Logger;
  readonly metrics: Registry;
}

export class IdentityNotices {
  readonly #on: IdentityNoticesDependencies;
  readonly #lost: Counter;
  /** True: the identity changed again since the telling began. */
  readonly #tellings = new Map<string, boolean>();
  #whenIdle: (() => void)[] = [];

  constructor(dependencies: IdentityNoticesDependencies) {
    this.#on = dependencies;
    this.#lost = new Counter({
      name: 'parley_api_identity_notices_lost_total',
      help: 'Changes of an identity that nobody was told of live',
      registers: [dependencies.metrics],
    });
  }

  /** A device of the user came, went or changed its identity, and SQL says so. */
  changed(userId: string): void {
    if (this.#tellings.has(userId)) {
      this.#tellings.set(userId, true);
    } else if (this.#tellings.size >= maxTellings) {
      this.#lost.inc();
    } else {
      this.#tellings.set(userId, false);
      void this.#run(userId);
    }
  }

  /** Resolves once nothing is left to tell. */
  idle(): Promise<void> {
    if (this.#tellings.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async #run(userId: string): Promise<void> {
    try {
      do {
        this.#tellings.set(userId, false);
        await this.#tell(userId);
      } while (this.#tellings.get(userId) === true);
    } catch (error) {
      this.#lost.inc();
      this.#on.logger.warn({ err: error, userId }, 'nobody was told that an identity changed');
    }
    this.#tellings.delete(userId);
    if (this.#tellings.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  async #tell(userId: string): Promise<void> {
    const userIds = await this.#audience(userId);
    const [identity] = await this.#on.identities.versionsOf([userId]);
    if (identity === undefined) return;
    const body = { user_id: userId, identity_version: identity.identityVersion };
    await this.#on.notices.send([{ frame: encodeFrame('identity_changed', body), userIds }]);
  }

  async #audience(userId: string): Promise<string[]> {
    const audience = new Set([userId, ...(await this.#on.contacts.holdersOf(userId))]);
    let after: string | null = null;
    for (let read = 0; read < maxConversations; read += conversationsPerRead) {
      const entries = await this.#page(userId, after);
      for (const { otherUserId } of entries) if (otherUserId !== null) audience.add(otherUserId);
      if (entries.length < conversationsPerRead) break;
      after = entries.at(-1)!.conversationId;
    }
    return [...audience];
  }

  /** While the projections are away, those who are known from SQL are told all the same. */
  async #page(userId: string, after: string | null): Promise<Awaited<ReturnType<InboxStore['list']>>> {
    try {
      return await this.#on.inbox.list(userId, { after, limit: conversationsPerRead });
    } catch (error) {
      if (!hasCode(error, 'unavailable') && !hasCode(error, 'overloaded')) throw error;
      this.#lost.inc();
      return [];
    }
  }
}
