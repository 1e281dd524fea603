/** Who asks: the access token of the Authorization header, the denylist of devices, and how often the user may ask. */
import type { Principal } from '@parley/projections/directory/directory';
import type { AttemptLimiter } from '@parley/projections/limits/limits';
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyRequest } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';
import { networkOf, takeOrRefuse } from './limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `authenticate`. */
    principal: Principal | null;
  }
}

const bearer = /^Bearer ([^\s]+)$/i;

/** A hook that lets only devices with a good token pass. It runs before the body is read. */
export function authenticate({ verifier, sessions, limits }: ApiDependencies) {
  return async (request: FastifyRequest): Promise<void> => {
    const token = bearer.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw new ParleyError('unauthenticated');
    const principal = await verifier.verify(token);
    if (await sessions.isRevoked(principal.deviceId)) throw new ParleyError('device_revoked');
    await takeOrRefuse(limits.callsPerUser, principal.userId);
    request.principal = principal;
  };
}

export function principalOf(request: FastifyRequest): Principal {
  invariant(request.principal !== null, 'the route authenticates');
  return request.principal;
}

/** A hook that counts the requests of a client's network. */
export function limitNetwork(limiter: AttemptLimiter) {
  return (request: FastifyRequest): Promise<void> => takeOrRefuse(limiter, networkOf(request.ip));
}
