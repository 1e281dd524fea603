/**
 * What a client says at the upgrade: who it is and what it speaks.
 *
 * The access token comes as `Authorization: Bearer`, or, from browsers, which can't set headers, as a second offered subprotocol
 * `bearer.<token>`; never in the URL, which ends up in logs. The URL may name the user for a load balancer to hash; it must
 * then be the token's.
 */

import type { Principal } from '@parley/projections/directory/directory';
import { subprotocols } from '@parley/schemas/codec/frame-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FrameForm } from '../connection.ts';

export interface Handshake {
  /** The header, or the empty string. */
  readonly authorization: string;
  /** The header `Sec-WebSocket-Protocol`, or the empty string. */
  readonly offeredProtocols: string;
  /** `user_id` of the URL. */
  readonly userId: string | undefined;
}

export interface Offer {
  readonly protocol: string;
  readonly form: FrameForm;
  readonly token: string;
  /** True if the token was offered as a subprotocol: such a client can't see the status of a refused upgrade. */
  readonly isBrowser: boolean;
}

const tokenPrefix = 'bearer.';
const bearer = /^Bearer +([^ ]+)$/i;

/** @throws ParleyError `unsupported_protocol` */
export function readOffer(handshake: Handshake): Offer {
  const offered = handshake.offeredProtocols.split(',').map((protocol) => protocol.trim());
  const protocol = offered.find((one) => one === subprotocols.avro || one === subprotocols.json);
  if (protocol === undefined) throw new ParleyError('unsupported_protocol');
  const form = protocol === subprotocols.avro ? 'avro' : 'json';
  const fromHeader = bearer.exec(handshake.authorization)?.[1];
  if (fromHeader !== undefined) return { protocol, form, token: fromHeader, isBrowser: false };
  const fromProtocol = offered.find((one) => one.startsWith(tokenPrefix));
  return {
    protocol,
    form,
    token: fromProtocol?.slice(tokenPrefix.length) ?? '',
    isBrowser: fromProtocol !== undefined,
  };
}

/** @throws ParleyError `unauthenticated` */
export function checkPrincipal(principal: Principal, handshake: Handshake, nowMs: number): void {
  if (principal.expiresAtMs <= nowMs) throw new ParleyError('unauthenticated', { detail: 'expired' });
  if (handshake.userId !== undefined && handshake.userId !== principal.userId) {
    throw new ParleyError('unauthenticated', { detail: 'user_id is not that of the token' });
  }
}
