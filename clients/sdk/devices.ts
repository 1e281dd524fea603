/** The user's devices over HTTP: listed, renamed, revoked, and linked by a code that one of them shows. */

import type { NewDevice } from './account.ts';
import { AuthorisedCalls } from './authorised-calls.ts';
import type { Credentials } from './connection.ts';

export interface OwnDevice {
  readonly deviceId: string;
  readonly name: string;
  readonly platform: NewDevice['platform'];
  readonly createdAtMs: number;
  /** True for the device that asks. */
  readonly isCurrent: boolean;
}

export interface DeviceLink {
  readonly linkId: string;
  /** To be shown as text. */
  readonly code: string;
  /** To be shown as a QR code. */
  readonly qr: string;
  readonly expiresAtMs: number;
}

interface DeviceAnswer {
  device_id: string;
  name: string;
  platform: NewDevice['platform'];
  created_at_ms: number;
  current: boolean;
}

const toDevice = (answer: DeviceAnswer): OwnDevice => ({
  deviceId: answer.device_id,
  name: answer.name,
  platform: answer.platform,
  createdAtMs: answer.created_at_ms,
  isCurrent: answer.current,
});

export class DevicesApi {
  readonly #calls: AuthorisedCalls;

  constructor(baseUrl: string, credentials: Credentials) {
    this.#calls = new AuthorisedCalls(baseUrl, credentials);
  }

  /** The oldest first. @throws ParleyError */
  async list(): Promise<readonly OwnDevice[]> {
    const { devices } = await this.#calls.call<{ devices: DeviceAnswer[] }>('GET', '/v1/devices');
    return devices.map(toDevice);
  }

  /** @throws ParleyError `not_found` */
  async rename(deviceId: string, name: string): Promise<OwnDevice> {
    return toDevice(await this.#calls.call<DeviceAnswer>('PATCH', `/v1/devices/${deviceId}`, { name }));
  }

  /** It is disconnected within a second, and its tokens are worth nothing. @throws ParleyError `not_found` */
  revoke(deviceId: string): Promise<void> {
    return this.#calls.call('DELETE', `/v1/devices/${deviceId}`);
  }

  /** For `AccountApi.link` on another device, within two minutes. @throws ParleyError */
  async makeLink(): Promise<DeviceLink> {
    const answer = await this.#calls.call<{ link_id: string; code: string; qr: string; expires_at_ms: number }>(
      'POST',
      '/v1/device-links',
    );
    return { linkId: answer.link_id, code: answer.code, qr: answer.qr, expiresAtMs: answer.expires_at_ms };
  }

  /** The device that used the link; null as long as none has. @throws ParleyError `not_found` once it has expired */
  async linkedBy(linkId: string): Promise<string | null> {
    return (await this.#calls.call<{ device_id: string | null }>('GET', `/v1/device-links/${linkId}`)).device_id;
  }
}
