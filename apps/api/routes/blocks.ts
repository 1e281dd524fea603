/** Whom the caller has blocked. */
import { type BlockChange, maxBlocksPerPage } from '@parley/projections/directory/blocks';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { admitChange } from '../groups/settle.ts';

const about = { tags: ['blocks'], security: [{ bearer: [] }] };
const errors = { '4xx': errorBody, '5xx': errorBody };
const oneUser = z.object({ user_id: field.uuid });
const changed = z.object({
  conversation_id: field.uuid.describe('the 1:1 conversation of the two, on which a block acts'),
  version: z.int().describe('of its last change; 0 if there was none'),
  settled: z.boolean().describe('false: the change is made, and on its way into the conversation'),
});
const page = z.object({
  blocks: z.array(z.object({ user_id: field.uuid, blocked_at_ms: field.timeMs })),
  next: z.string().nullable().describe('what to ask for as `after`; null on the last page'),
});

export function blockRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, relay } = dependencies;
  const { blocks } = accounts;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    const change = async (callerId: string, make: () => Promise<BlockChange>) => {
      await admitChange(dependencies, callerId);
      const { conversationId, version } = await make();
      const settled = version === 0 || (await relay.settle(conversationId, version));
      return { conversation_id: conversationId, version, settled };
    };

    app.route({
      method: 'GET',
      url: '/v1/blocks',
      schema: {
        operationId: 'listBlocks',
        summary: 'Whom the caller has blocked, in the order of their ids',
        ...about,
        querystring: z.strictObject({
          after: field.uuid.optional(),
          limit: z.coerce.number().int().min(1).max(maxBlocksPerPage).default(maxBlocksPerPage),
        }),
        response: { 200: page, ...errors },
      },
      handler: async (request) => {
        const { after, limit } = request.query;
        const found = await blocks.list(principalOf(request).userId, after ?? null, limit);
        const listed = found.blocks.map(({ userId, blockedAtMs }) => ({ user_id: userId, blocked_at_ms: blockedAtMs }));
        return { blocks: listed, next: found.next };
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/blocks/:user_id',
      schema: {
        operationId: 'blockUser',
        summary: 'Keeps what the user sends from now on from the caller, for ever',
        description:
          'Acts on the 1:1 conversation of the two, and hides their presence from each other. The blocked user is not told. Groups are not touched.',
        ...about,
        params: oneUser,
        response: { 200: changed, 202: changed, ...errors },
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        const answer = await change(userId, () => blocks.block(userId, request.params.user_id));
        reply.code(answer.settled ? 200 : 202);
        return answer;
      },
    });

    app.route({
      method: 'DELETE',
      url: '/v1/blocks/:user_id',
      schema: {
        operationId: 'unblockUser',
        summary: 'Lets what the user sends from now on reach the caller again; what was kept back stays so',
        ...about,
        params: oneUser,
        response: { 200: changed, 202: changed, ...errors },
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        const answer = await change(userId, () => blocks.unblock(userId, request.params.user_id));
        reply.code(answer.settled ? 200 : 202);
        return answer;
      },
    });
  };
}
