/**
 * The upgrade: everything is read from the request before the first await (it lives no longer), then the session is registered,
 * and only then the WebSocket opens. A refusal is an ordinary HTTP answer with the error's code.
 */

import type uWS from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { GatewayCore } from '../core.ts';
import type { Admission } from '../sessions/admissions.ts';
import type { Handshake } from '../sessions/handshake.ts';
import type { CorkLender } from './cork-lender.ts';
import { type SessionData, UwsSession } from './session.ts';
import type { TurnFlush } from './turn-flush.ts';

interface UpgradeKeys {
  readonly key: string;
  readonly extensions: string;
  readonly context: uWS.us_socket_context_t;
}

/** What the sockets of a server share. */
export interface UpgradeParts {
  readonly turn: TurnFlush;
  readonly lender: CorkLender;
}

export async function upgrade(
  core: GatewayCore,
  response: uWS.HttpResponse,
  request: uWS.HttpRequest,
  context: uWS.us_socket_context_t,
  { turn, lender }: UpgradeParts,
): Promise<void> {
  let isAborted = false;
  response.onAborted(() => {
    isAborted = true;
  });
  const handshake: Handshake = {
    authorization: request.getHeader('authorization'),
    offeredProtocols: request.getHeader('sec-websocket-protocol'),
    userId: request.getQuery('user_id'),
  };
  const keys: UpgradeKeys = {
    key: request.getHeader('sec-websocket-key'),
    extensions: request.getHeader('sec-websocket-extensions'),
    context,
  };
  let admission: Admission;
  try {
    admission = await core.admit(handshake);
  } catch (error) {
    if (!isAborted) refuse(response, error instanceof ParleyError ? error : new ParleyError('internal'));
    return;
  }
  if (isAborted) core.abandon(admission);
  else lender.run(response, () => open(response, admission, keys, turn));
}

function open(
  response: uWS.HttpResponse,
  admission: Admission,
  { key, extensions, context }: UpgradeKeys,
  turn: TurnFlush,
): void {
  const data: SessionData = { session: new UwsSession(admission, turn) };
  response.upgrade(data, key, admission.protocol, extensions, context);
}

function refuse(response: uWS.HttpResponse, { code, detail, retryAfterMs }: ParleyError): void {
  const { httpStatus, message, retryable } = errorCatalogue[code];
  const error = { code, message, ...(detail === undefined ? {} : { detail }) };
  const retry = retryAfterMs ?? (retryable ? 1_000 : undefined);
  response.cork(() => {
    response.writeStatus(`${httpStatus} ${STATUS_CODES[httpStatus] ?? ''}`);
    response.writeHeader('content-type', 'application/json; charset=utf-8');
    if (retry !== undefined) response.writeHeader('retry-after', String(Math.ceil(retry / 1_000)));
    response.end(JSON.stringify({ error: retry === undefined ? error : { ...error, retry_after_ms: retry } }), true);
  });
}
