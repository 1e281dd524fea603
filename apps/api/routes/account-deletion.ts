/** The end of an account: asked for with a token, done with a one-time code that went to the account's own number. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies, ApiSettings } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

export function accountDeletionRoutes(dependencies: ApiDependencies, settings: ApiSettings): FastifyPluginAsyncZod {
  const { accounts, limits, sender } = dependencies;
  const common = { tags: ['users'], security: [{ bearer: [] }] };
  const errors = { '4xx': errorBody, '5xx': errorBody };

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/me/deletion',
      schema: {
        operationId: 'startDeletion',
        summary: "Sends a one-time code to the caller's phone, with which the account can be deleted",
        response: { 202: field.codeSent, ...errors },
        ...common,
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        const { phoneNumber } = await accounts.profiles.own(userId);
        await takeOrRefuse(limits.codesPerNumber, phoneNumber);
        const { code, expiresAtMs } = await accounts.startDeletion(userId);
        try {
          await sender.send(phoneNumber, code, expiresAtMs);
        } catch (error) {
          await accounts.codes.withdraw(phoneNumber, code, 'deletion');
          throw error;
        }
        reply.code(202);
        return { expires_at_ms: expiresAtMs, ...(settings.echoCodes ? { dev_code: code } : {}) };
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/me/deletion/confirm',
      schema: {
        operationId: 'deleteMe',
        summary: "Deletes the caller's account, for good",
        description:
          'All devices are revoked, the user leaves every group, and what they said of themselves is erased. Messages stay with those who have them, from a deleted account.',
        body: z.strictObject({ code: field.code }),
        response: { 204: field.nothing, ...errors },
        ...common,
      },
      handler: async (request, reply) => {
        await accounts.delete(principalOf(request).userId, request.body.code);
        return reply.code(204).send(null);
      },
    });
  };
}
