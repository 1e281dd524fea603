/**
 * The keys of everybody in a conversation, now or at a time, for one who was in it then: what a device needs that writes to all of
 * them, or checks who could read a message.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { identity, identityAnswer } from './identities.ts';

/** Of a page. */
const maxMembers = 100;
const count = (what: string) => z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe(what);

const member = z.object({
  user_id: field.uuid,
  role: z.enum(['member', 'admin']),
  joined_seq: z.int().describe('the first message that they see'),
  devices: z.array(z.object(identity)),
});

export function conversationKeyRoutes({ accounts, projections, ...rest }: ApiDependencies): FastifyPluginAsyncZod {
  return async (app) => {
    app.addHook('onRequest', authenticate({ accounts, projections, ...rest }));

    app.route({
      method: 'GET',
      url: '/v1/conversations/:conversation_id/keys',
      schema: {
        operationId: 'listConversationKeys',
        summary: 'The members of a conversation with the public keys of their devices',
        description:
          'Now, or as of a message or a time at which the caller was a member. With a time, the devices are those of that time; ' +
          'the keys are those that each device has, or had in the end.',
        tags: ['keys'],
        security: [{ bearer: [] }],
        params: z.object({ conversation_id: field.uuid }),
        querystring: z.object({
          at_seq: count('as of the message at this seq'),
          at_ms: count('as of this time, without at_seq'),
          after: field.uuid.optional().describe('user_id of the last member of the page before'),
        }),
        response: {
          200: z.object({
            at_seq: z.int().describe('as of the message at this seq'),
            members: z.array(member),
            next: field.uuid.nullable().describe('pass as after for the next page; null at the end'),
          }),
          '4xx': errorBody,
          '5xx': errorBody,
        },
      },
      handler: async (request) => {
        const { userId } = principalOf(request);
        const { at_seq: atSeq = 0, at_ms: atMs = 0, after } = request.query;
        if (atSeq > 0 && atMs > 0)
          throw new ParleyError('invalid_request', { detail: 'querystring/at_ms: not with at_seq' });
        const { history } = await projections();
        const { conversation_id: conversationId } = request.params;
        const then = await history.membersThen(userId, { conversationId, atSeq, atMs });
        const sorted = [...then.members].sort((one, other) => (one.userId < other.userId ? -1 : 1));
        const left = sorted.filter((one) => after === undefined || one.userId > after);
        const page = left.slice(0, maxMembers);
        const userIds = page.map((one) => one.userId);
        const devices = await accounts.identities.devicesAt(userIds, atMs === 0 ? null : atMs);
        return {
          at_seq: then.atSeq,
          members: page.map((one) => ({
            user_id: one.userId,
            role: one.role,
            joined_seq: one.joinedSeq,
            devices: devices.filter((device) => device.userId === one.userId).map(identityAnswer),
          })),
          next: left.length > maxMembers ? userIds.at(-1)! : null,
        };
      },
    });
  };
}
