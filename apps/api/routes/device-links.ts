/** Links: what a device asks for so that another one can be added to its user. The other one takes it in registrations.ts. */
import { linkPrefix } from '@parley/projections/directory/device-links';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

export function deviceLinkRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, limits } = dependencies;
  const common = { tags: ['devices'], security: [{ bearer: [] }] };
  const errors = { '4xx': errorBody, '5xx': errorBody };

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/device-links',
      schema: {
        operationId: 'makeLink',
        summary: 'Makes a code by which another device is added to the caller',
        description:
          'Good for two minutes, one use and five attempts. The link that the device made before is worth nothing from now on.',
        response: {
          201: z.object({
            link_id: field.uuid,
            code: z.string().describe('to be shown as text'),
            qr: z.string().describe('to be shown as a QR code'),
            expires_at_ms: field.timeMs,
          }),
          ...errors,
        },
        ...common,
      },
      handler: async (request, reply) => {
        const principal = principalOf(request);
        await takeOrRefuse(limits.linksPerUser, principal.userId);
        const { linkId, code, expiresAtMs } = await accounts.links.make(principal);
        reply.code(201);
        return { link_id: linkId, code, qr: linkPrefix + code.replaceAll('-', ''), expires_at_ms: expiresAtMs };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/device-links/:link_id',
      schema: {
        operationId: 'getLink',
        summary: 'Whether a link was used, and by which device',
        params: z.object({ link_id: field.uuid }),
        response: {
          200: z.object({
            link_id: field.uuid,
            expires_at_ms: field.timeMs,
            device_id: field.uuid.nullable().describe('the device that used it; null as long as none has'),
          }),
          ...errors,
        },
        ...common,
      },
      handler: async (request) => {
        const link = await accounts.links.state(principalOf(request).userId, request.params.link_id);
        return { link_id: link.linkId, expires_at_ms: link.expiresAtMs, device_id: link.deviceId };
      },
    });
  };
}
