/** Invite links of a group: one at a time, made, shown and taken back by admins; whoever has its token may join. */
import type { Invite } from '@parley/projections/directory/groups/invites';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import * as field from '../fields.ts';
import * as groupField from '../groups/fields.ts';
import { admitChange, answerChange } from '../groups/settle.ts';

const { about, errors } = groupField;

const shown = (invite: Invite): z.infer<typeof groupField.invite> => ({
  token: invite.token,
  created_by: invite.createdBy,
  created_at_ms: invite.createdAtMs,
});

export function groupInviteRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { groups } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/groups/:group_id/invite',
      schema: {
        operationId: 'makeInvite',
        summary: 'Makes an invite link; for admins',
        description: 'The one before is no good any more.',
        ...about,
        params: groupField.oneGroup,
        response: { 200: groupField.invite, ...errors },
      },
      handler: async (request) => {
        const { userId } = principalOf(request);
        await admitChange(dependencies, userId);
        return shown(await groups.makeInvite(userId, request.params.group_id));
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/groups/:group_id/invite',
      schema: {
        operationId: 'getInvite',
        summary: 'The invite link of a group; for admins',
        ...about,
        params: groupField.oneGroup,
        response: { 200: groupField.invite, ...errors },
      },
      handler: async (request) => shown(await groups.invite(principalOf(request).userId, request.params.group_id)),
    });

    app.route({
      method: 'DELETE',
      url: '/v1/groups/:group_id/invite',
      schema: {
        operationId: 'revokeInvite',
        summary: 'Takes the invite link back; for admins',
        ...about,
        params: groupField.oneGroup,
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        await admitChange(dependencies, userId);
        await groups.revokeInvite(userId, request.params.group_id);
        return reply.code(204).send(null);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/invites/join',
      schema: {
        operationId: 'joinGroup',
        summary: 'Joins the group of an invite link',
        ...about,
        headers: groupField.perhapsKeyed,
        body: z.strictObject({ token: groupField.token }),
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        return answerChange(dependencies, reply, await groups.join(asker, request.body.token));
      },
    });
  };
}
