/** Users, their devices, keys and tokens, in SQL: the same statements on PostgreSQL and PGlite. */
import type { Platform } from '@parley/schemas/generated/events';
import type { DeviceDirectory } from '@parley/streams/processors/ports';

export interface User {
  readonly userId: string;
  /** E.164. Never logged. */
  readonly phoneNumber: string;
  readonly displayName: string;
}

export interface Device {
  readonly userId: string;
  readonly deviceId: string;
  readonly name: string;
  readonly platform: Platform;
  readonly createdAtMs: number;
}

export interface NewDevice {
  readonly name: string;
  readonly platform: Platform;
  /** Opaque to the server. */
  readonly keyBundle: Buffer;
  readonly pushToken: string | null;
}

export interface TokenPair {
  readonly accessToken: string;
  readonly accessExpiresAtMs: number;
  /** Single use. */
  readonly refreshToken: string;
  readonly refreshExpiresAtMs: number;
}

/** What an access token says. */
export interface Principal {
  readonly userId: string;
  readonly deviceId: string;
  readonly expiresAtMs: number;
}

export interface AccessTokenVerifier {
  /** @throws ParleyError `unauthenticated` */
  verify(token: string): Promise<Principal>;
}

/** Read side for gateways, processors and pushers. */
export interface UserDirectory extends DeviceDirectory {
  userExists(userId: string): Promise<boolean>;
  displayName(userId: string): Promise<string | null>;
  pushTarget(deviceId: string): Promise<{ readonly platform: Platform; readonly token: string | null } | null>;
}
