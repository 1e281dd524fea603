/** The disappearing timer of a conversation, of a group or of two users. */
import { timersSeconds } from '@parley/streams/conversation/timers';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { admitChange } from '../groups/settle.ts';

const about = { tags: ['conversations'], security: [{ bearer: [] }] };
const errors = { '4xx': errorBody, '5xx': errorBody };
const oneConversation = z.object({ conversation_id: field.uuid });
const peer = field.uuid.describe('1:1: the other user, by which the id is proven; not for a group');
const maxTimerSeconds = Math.max(...timersSeconds);
const timerSeconds = z
  .int()
  .min(0)
  .max(maxTimerSeconds)
  .describe(`0 for off; else one of ${timersSeconds.slice(1).join(', ')}`);
const timer = z.object({ timer_seconds: timerSeconds });
const changed = z.object({
  timer_seconds: timerSeconds,
  version: z.int().describe('of the last change of the conversation'),
  settled: z.boolean().describe('false: the change is made, and on its way into the conversation'),
});

export function timerRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { conversationTimers, relay } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/conversations/:conversation_id/timer',
      schema: {
        operationId: 'getTimer',
        summary: 'After how long messages of the conversation disappear, for its members',
        ...about,
        params: oneConversation,
        querystring: z.object({ peer_id: peer.optional() }),
        response: { 200: timer, ...errors },
      },
      handler: async (request) => ({
        timer_seconds: await conversationTimers.get({
          callerId: principalOf(request).userId,
          conversationId: request.params.conversation_id,
          peerId: request.query.peer_id ?? null,
        }),
      }),
    });

    app.route({
      method: 'PUT',
      url: '/v1/conversations/:conversation_id/timer',
      schema: {
        operationId: 'setTimer',
        summary: 'Lets messages that are sent from now on disappear after a while, or never',
        description: 'Either user of a 1:1 conversation; in a group whoever who_may_edit names.',
        ...about,
        params: oneConversation,
        body: z.strictObject({ timer_seconds: timerSeconds, peer_id: peer.optional() }),
        response: { 200: changed, 202: changed, ...errors },
      },
      handler: async (request, reply) => {
        const callerId = principalOf(request).userId;
        const { conversation_id: conversationId } = request.params;
        const { timer_seconds, peer_id } = request.body;
        await admitChange(dependencies, callerId);
        const { version, timerSeconds } = await conversationTimers.set(
          { callerId, conversationId, peerId: peer_id ?? null },
          timer_seconds,
        );
        const settled = version === 0 || (await relay.settle(conversationId, version));
        reply.code(settled ? 200 : 202);
        return { timer_seconds: timerSeconds, version, settled };
      },
    });
  };
}
