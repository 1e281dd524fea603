/** Registers users and devices through the API, as the applications do. */
import { systemClock } from '@parley/schemas/environment/system';
import { AccountApi, RefreshingCredentials, type Tokens } from '@parley/sdk/account';
import type { Credentials } from '@parley/sdk/connection';

export interface Person {
  readonly name: string;
  readonly phoneNumber: string;
  readonly userId: string;
  /** The device that registration made. */
  readonly first: RegisteredDevice;
}

export interface RegisteredDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly credentials: Credentials;
  tokens(): Tokens;
}

export class People {
  readonly #api: AccountApi;
  #next: number;

  /** @param firstNumber tells runs on the same directory apart */
  constructor(apiUrl: string, firstNumber: number) {
    this.#api = new AccountApi(apiUrl);
    this.#next = firstNumber;
  }

  async person(name: string): Promise<Person> {
    // Valid E.164 numbers of a range that nobody has: Swiss mobile numbers.
    const phoneNumber = `+4179${String(this.#next++ % 10_000_000).padStart(7, '0')}`;
    const first = await this.#register(phoneNumber, name, 'phone');
    return { name, phoneNumber, userId: first.userId, first };
  }

  /** Another device of the same user. */
  device(person: Person, name: string): Promise<RegisteredDevice> {
    return this.#register(person.phoneNumber, person.name, name);
  }

  async #register(phoneNumber: string, displayName: string, deviceName: string): Promise<RegisteredDevice> {
    const code = await this.#api.requestCode(phoneNumber);
    if (code === null) throw new Error('the server does not answer with codes: start it with PARLEY_DEV_CODES=true');
    const tokens = await this.#api.verify(phoneNumber, code, displayName, {
      name: deviceName,
      platform: 'android',
      keyBundle: Buffer.from(`keys of ${deviceName}`),
      pushToken: `token-of-${deviceName.replaceAll(' ', '-')}-${phoneNumber}`,
    });
    return registeredDevice(tokens, this.#api);
  }
}

/** A device with the tokens that it was given, which it keeps in memory. */
export function registeredDevice(given: Tokens, api: AccountApi): RegisteredDevice {
  let tokens = given;
  const store = {
    load: async () => tokens,
    save: async (saved: Tokens) => {
      tokens = saved;
    },
  };
  const credentials = new RefreshingCredentials(tokens.userId, api, store, systemClock);
  return { userId: tokens.userId, deviceId: tokens.deviceId, credentials, tokens: () => tokens };
}
