/** Who is in a group and as what: added, removed, leaving, promoted, demoted, and the hand-over of an admin. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import * as field from '../fields.ts';
import * as groupField from '../groups/fields.ts';
import { admitChange, answerChange } from '../groups/settle.ts';

const { about } = groupField;

export function groupMemberRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { groups } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/groups/:group_id/members',
      schema: {
        operationId: 'addMembers',
        summary: 'Adds users to a group; for admins',
        description: 'Those who are in already stay as they are. All are added, or none.',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneGroup,
        body: z.strictObject({ user_ids: groupField.addedIds }),
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const changed = await groups.add(asker, request.params.group_id, request.body.user_ids);
        return answerChange(dependencies, reply, changed);
      },
    });

    app.route({
      method: 'DELETE',
      url: '/v1/groups/:group_id/members/:user_id',
      schema: {
        operationId: 'removeMember',
        summary: 'Removes a user from a group; admins remove anybody, everybody may leave',
        description: 'When the last admin goes, whoever has been in the longest becomes one.',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneMember,
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const { group_id, user_id } = request.params;
        return answerChange(dependencies, reply, await groups.remove(asker, group_id, user_id));
      },
    });

    app.route({
      method: 'PUT',
      url: '/v1/groups/:group_id/members/:user_id/role',
      schema: {
        operationId: 'setRole',
        summary: 'Makes a member an admin, or an admin a member; for admins',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneMember,
        body: z.strictObject({ role: groupField.role }),
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const { group_id, user_id } = request.params;
        const changed = await groups.setRole(asker, group_id, user_id, request.body.role);
        return answerChange(dependencies, reply, changed);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/groups/:group_id/transfer',
      schema: {
        operationId: 'transferGroup',
        summary: 'Hands the role of an admin to another member; the caller is a member from then on',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneGroup,
        body: z.strictObject({ user_id: field.uuid }),
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const changed = await groups.transfer(asker, request.params.group_id, request.body.user_id);
        return answerChange(dependencies, reply, changed);
      },
    });
  };
}
