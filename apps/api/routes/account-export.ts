/** What Parley keeps of the caller, to be taken away. */
import { Readable } from 'node:stream';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import { exportAccount } from '../export/account-export.ts';
import { takeOrRefuse } from '../limits.ts';

const exported = z.looseObject({}).describe('profile, privacy, devices, contacts, conversations and messages');

export function accountExportRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, limits, clock, logger } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/me/export',
      schema: {
        operationId: 'exportMe',
        summary:
          "The caller's data: profile, settings, devices, contacts, conversation list and own messages, as they are kept",
        description:
          'Bodies are as the server has them, encrypted; keys and tokens are left out. The answer is sent as it is read; if that breaks off, the connection ends before the JSON does.',
        tags: ['users'],
        security: [{ bearer: [] }],
        response: { 200: exported, '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        const projections = await dependencies.projections();
        await takeOrRefuse(limits.exportsPerUser, userId);
        const pieces = exportAccount(userId, { accounts, projections }, clock.nowMs());
        // The first piece is read here: what is wrong by then is still answered as an error.
        const first = await pieces.next();
        const body = Readable.from(continued(first.value ?? '', pieces));
        body.on('error', (error) => logger.warn({ err: error, userId }, 'an export broke off'));
        reply.header('content-disposition', 'attachment; filename="parley-export.json"');
        return reply.type('application/json; charset=utf-8').send(body as never);
      },
    });
  };
}

async function* continued(first: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}
