/**
 * Public keys over HTTP: what this device hands in, and what others need to write to it.
 *
 *   const keys = new KeysApi(url, credentials);
 *   await keys.handIn('key_package', packages);             // after registration, and whenever `keysLow` says so
 *   const { devices } = await keys.claim(bob, 'key_package');
 *
 * `keysLow` and `identityChanged` of the client are hints: ask `supplies` and `versionsOf` after each connecting, too.
 */
import type { KeyKind } from '@parley/schemas/generated/wire';
import { type ApiCall, callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export interface NumberedKey {
  /** This device numbers its keys upwards. */
  readonly keyId: number;
  /** Signed by this device; opaque to the server. */
  readonly key: Uint8Array;
}

export interface KeySupply {
  readonly kind: KeyKind;
  readonly held: number;
  /** Time to hand in more. */
  readonly isLow: boolean;
  readonly hasLastResort: boolean;
  /** The lowest id that was not handed in yet. */
  readonly nextKeyId: number;
}

export interface DeviceIdentity {
  readonly deviceId: string;
  readonly keyBundle: Uint8Array;
  readonly identityKey: Uint8Array | null;
  readonly signedPrekey: Uint8Array | null;
}

export interface ClaimedDevice extends DeviceIdentity {
  /** Null: it has none. One of last resort is known to others, too. */
  readonly key: (NumberedKey & { readonly isLastResort: boolean }) | null;
}

export interface UserIdentity<D> {
  /** Grows whenever a device of the user comes, goes or changes its identity. */
  readonly identityVersion: number;
  readonly devices: readonly D[];
}

interface SupplyAnswer {
  kind: KeyKind;
  held: number;
  low: boolean;
  has_last_resort: boolean;
  next_key_id: number;
}

interface DeviceAnswer {
  device_id: string;
  key_bundle: string;
  identity_key: string | null;
  signed_prekey: string | null;
}

interface ClaimedAnswer extends DeviceAnswer {
  key: { key_id: number; key: string; last_resort: boolean } | null;
}

interface IdentityAnswer<D> {
  identity_version: number;
  devices: D[];
}

/** As much as a request may be large, with room for the rest of it. */
const maxBatchChars = 48_000;
const maxKeysPerCall = 100;
const maxVersionsPerCall = 100;

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64');
const perhaps = (text: string | null): Uint8Array | null => (text === null ? null : fromBase64(text));

const toSupply = (answer: SupplyAnswer): KeySupply => ({
  kind: answer.kind,
  held: answer.held,
  isLow: answer.low,
  hasLastResort: answer.has_last_resort,
  nextKeyId: answer.next_key_id,
});

const toDevice = (answer: DeviceAnswer): DeviceIdentity => ({
  deviceId: answer.device_id,
  keyBundle: fromBase64(answer.key_bundle),
  identityKey: perhaps(answer.identity_key),
  signedPrekey: perhaps(answer.signed_prekey),
});

const toClaimed = ({ key, ...device }: ClaimedAnswer): ClaimedDevice => ({
  ...toDevice(device),
  key: key === null ? null : { keyId: key.key_id, key: fromBase64(key.key), isLastResort: key.last_resort },
});

const keyBody = ({ keyId, key }: NumberedKey) => ({ key_id: keyId, key: toBase64(key) });

/** In batches that fit into a request; at least one, which may be empty. */
function batchesOf(keys: readonly NumberedKey[]): NumberedKey[][] {
  const batches: NumberedKey[][] = [[]];
  let chars = 0;
  for (const key of keys) {
    const size = key.key.length * 1.4 + 40;
    if (batches.at(-1)!.length > 0 && (chars + size > maxBatchChars || batches.at(-1)!.length === maxKeysPerCall)) {
      batches.push([]);
      chars = 0;
    }
    batches.at(-1)!.push(key);
    chars += size;
  }
  return batches;
}

export class KeysApi {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#baseUrl = baseUrl;
    this.#credentials = credentials;
  }

  /** Another identity key drops the one-time keys that the former one signed. Resolves to the user's identity version. */
  async replaceIdentity(identityKey: Uint8Array, signedPrekey: Uint8Array): Promise<number> {
    const body = { identity_key: toBase64(identityKey), signed_prekey: toBase64(signedPrekey) };
    const answer = await this.#call<{ identity_version: number }>('PUT', '/v1/devices/me/identity', body);
    return answer.identity_version;
  }

  /** In ascending order of id; may be repeated. @throws ParleyError `too_many_keys` */
  async handIn(kind: KeyKind, keys: readonly NumberedKey[], lastResort: NumberedKey | null = null): Promise<KeySupply> {
    const batches = batchesOf(keys);
    let supply: SupplyAnswer | undefined;
    for (const [index, batch] of batches.entries()) {
      const isLast = index === batches.length - 1;
      const last_resort = isLast && lastResort !== null ? keyBody(lastResort) : null;
      const body = { kind, keys: batch.map(keyBody), last_resort };
      supply = await this.#call<SupplyAnswer>('POST', '/v1/devices/me/one-time-keys', body);
    }
    return toSupply(supply!);
  }

  /** What is left of this device's keys. */
  async supplies(): Promise<readonly KeySupply[]> {
    const answer = await this.#call<{ supplies: SupplyAnswer[] }>('GET', '/v1/devices/me/keys');
    return answer.supplies.map(toSupply);
  }

  /** One key of each device, or of those that are named. @throws ParleyError `not_found`, `rate_limited` */
  async claim(
    userId: string,
    kind: KeyKind,
    deviceIds: readonly string[] | null = null,
  ): Promise<UserIdentity<ClaimedDevice>> {
    const body = { kind, device_ids: deviceIds };
    const answer = await this.#call<IdentityAnswer<ClaimedAnswer>>('POST', `/v1/users/${userId}/keys/claim`, body);
    return { identityVersion: answer.identity_version, devices: answer.devices.map(toClaimed) };
  }

  /** @throws ParleyError `not_found` */
  async identityOf(userId: string): Promise<UserIdentity<DeviceIdentity>> {
    const answer = await this.#call<IdentityAnswer<DeviceAnswer>>('GET', `/v1/users/${userId}/devices`);
    return { identityVersion: answer.identity_version, devices: answer.devices.map(toDevice) };
  }

  /** Users that do not exist are left out. */
  async versionsOf(userIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const versions = new Map<string, number>();
    for (let from = 0; from < userIds.length; from += maxVersionsPerCall) {
      const ids = userIds.slice(from, from + maxVersionsPerCall).join(',');
      type Answer = { identities: { user_id: string; identity_version: number }[] };
      const answer = await this.#call<Answer>('GET', `/v1/users/identities?ids=${ids}`);
      for (const one of answer.identities) versions.set(one.user_id, one.identity_version);
    }
    return versions;
  }

  async #call<T>(method: ApiCall['method'], path: string, body?: object): Promise<T> {
    const accessToken = await this.#credentials.accessToken(false);
    return callApi<T>(this.#baseUrl, { method, path, accessToken, ...(body === undefined ? {} : { body }) });
  }
}
