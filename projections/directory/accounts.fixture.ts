/** Accounts on a directory under test, with a clock that the test moves. */
import { randomInt } from 'node:crypto';
import { systemRandom } from '@parley/schemas/environment/system';
import type { ParleyError } from '@parley/schemas/errors/parley-error';
import { MemorySessionStore } from '../sessions/store.memory.ts';
import { AccessTokenIssuer } from './access-tokens.ts';
import { Accounts, type Registered } from './accounts.ts';
import type { DirectoryDatabase } from './database.ts';
import type { NewDevice } from './directory.ts';
import { generateTokenKeys } from './token-keys.ts';

export interface DirectoryUnderTest {
  readonly database: DirectoryDatabase;
  close(): Promise<void>;
}

export const newNumber = (): string => `+49151${randomInt(10_000_000, 99_999_999)}`;

export class AccountsFixture {
  nowMs = 1_700_000_000_000;
  readonly clock = { nowMs: () => this.nowMs };
  readonly sessions = new MemorySessionStore({ clock: this.clock });
  readonly database: DirectoryDatabase;
  readonly accounts: Accounts;

  constructor(database: DirectoryDatabase) {
    this.database = database;
    const { sessions, clock } = this;
    const issuer = new AccessTokenIssuer({ clock, privateKeyPem: generateTokenKeys().privateKeyPem });
    this.accounts = new Accounts({ database, sessions, issuer, clock, random: systemRandom });
  }

  device(changes: Partial<NewDevice> = {}): NewDevice {
    return { name: 'Phone', platform: 'android', keyBundle: Buffer.from([1, 2, 3]), pushToken: null, ...changes };
  }

  async register(
    displayName = 'Ann',
    phoneNumber = newNumber(),
    changes: Partial<NewDevice> = {},
  ): Promise<Registered> {
    const { code } = await this.accounts.startRegistration(phoneNumber);
    return this.accounts.completeRegistration({ phoneNumber, code, displayName, device: this.device(changes) });
  }
}

/** The code of the error, or what is said if there is none. */
export const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: ParleyError) => error.code,
  );
