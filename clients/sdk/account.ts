/** Registration and tokens over HTTP: what a device needs before it can connect. */
import type { Clock } from '@parley/schemas/environment/clock';
import { callApi } from './api-call.ts';
import type { Credentials } from './connection.ts';

export interface Tokens {
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly accessExpiresAtMs: number;
  readonly refreshToken: string;
}

/** Where a device keeps its tokens; a refresh token is single use, so a new one must be saved before it is used. */
export interface TokenStore {
  /** @throws ParleyError `unauthenticated` if there are none: the device has to be registered */
  load(): Promise<Tokens>;
  save(tokens: Tokens): Promise<void>;
}

export interface NewDevice {
  readonly name: string;
  readonly platform: 'ios' | 'android' | 'web' | 'desktop';
  readonly keyBundle: Uint8Array;
  readonly pushToken: string | null;
}

interface TokenAnswer {
  user_id: string;
  device_id: string;
  access_token: string;
  access_expires_at_ms: number;
  refresh_token: string;
}

/** Renewed this long before it runs out. */
const marginMs = 30_000;

export class AccountApi {
  readonly #baseUrl: string;

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** Asks for a one-time code; development servers answer with it. */
  async requestCode(phoneNumber: string): Promise<string | null> {
    const answer = await this.#post<{ dev_code?: string }>('/v1/registrations', { phone_number: phoneNumber });
    return answer.dev_code ?? null;
  }

  /** Exchanges the code for a new device of the user. */
  async verify(phoneNumber: string, code: string, displayName: string, device: NewDevice): Promise<Tokens> {
    const answer = await this.#post<TokenAnswer>('/v1/registrations/verify', {
      phone_number: phoneNumber,
      code,
      display_name: displayName,
      device: deviceBody(device),
    });
    return toTokens(answer);
  }

  /** Adds a device by the code that another device of the user shows, as text or QR code (`DevicesApi.makeLink`). */
  async link(code: string, device: NewDevice): Promise<Tokens> {
    return toTokens(await this.#post<TokenAnswer>('/v1/registrations/link', { code, device: deviceBody(device) }));
  }

  async refresh(refreshToken: string): Promise<Tokens> {
    return toTokens(await this.#post<TokenAnswer>('/v1/tokens/refresh', { refresh_token: refreshToken }));
  }

  #post<T>(path: string, body: unknown): Promise<T> {
    return callApi<T>(this.#baseUrl, { method: 'POST', path, body });
  }
}

const deviceBody = (device: NewDevice): object => ({
  name: device.name,
  platform: device.platform,
  key_bundle: Buffer.from(device.keyBundle).toString('base64'),
  push_token: device.pushToken,
});

function toTokens(answer: TokenAnswer): Tokens {
  return {
    userId: answer.user_id,
    deviceId: answer.device_id,
    accessToken: answer.access_token,
    accessExpiresAtMs: answer.access_expires_at_ms,
    refreshToken: answer.refresh_token,
  };
}

/** Credentials that refresh themselves; concurrent askers share one refresh. */
export class RefreshingCredentials implements Credentials {
  readonly userId: string;
  readonly #api: AccountApi;
  readonly #store: TokenStore;
  readonly #clock: Clock;
  #refreshing: Promise<string> | null = null;

  constructor(userId: string, api: AccountApi, store: TokenStore, clock: Clock) {
    this.userId = userId;
    this.#api = api;
    this.#store = store;
    this.#clock = clock;
  }

  async accessToken(renew: boolean): Promise<string> {
    const tokens = await this.#store.load();
    if (!renew && tokens.accessExpiresAtMs - marginMs > this.#clock.nowMs()) return tokens.accessToken;
    this.#refreshing ??= this.#refresh(tokens.refreshToken).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(refreshToken: string): Promise<string> {
    const tokens = await this.#api.refresh(refreshToken);
    await this.#store.save(tokens);
    return tokens.accessToken;
  }
}
