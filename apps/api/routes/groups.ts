/** Groups: made, looked at, listed, renamed and set up. Who is in them: group-members.ts; invite links: group-invites.ts. */
import type { SettingChanges } from '@parley/projections/directory/groups/settings';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import * as field from '../fields.ts';
import * as groupField from '../groups/fields.ts';
import { admitChange, answerChange } from '../groups/settle.ts';
import { takeOrRefuse } from '../limits.ts';

const { about, errors } = groupField;
const maxPageGroups = 100;

const page = z.object({
  groups: z.array(
    z.object({
      group_id: field.uuid,
      version: z.int(),
      title: z.string(),
      picture_url: z.string().nullable(),
      role: groupField.role.describe("the caller's"),
    }),
  ),
  next: field.uuid.nullable().describe('pass as after for the next page; null at the end'),
});

const listed = z.object({
  after: field.uuid.optional().describe('groups behind this id'),
  limit: z.coerce.number().int().min(1).max(maxPageGroups).default(maxPageGroups),
});

function changesOf(body: z.infer<typeof groupField.settingChanges>): SettingChanges {
  return {
    ...(body.title === undefined ? {} : { title: body.title }),
    ...(body.description === undefined ? {} : { description: body.description }),
    ...(body.picture_url === undefined ? {} : { pictureUrl: body.picture_url }),
    ...(body.who_may_send === undefined ? {} : { whoMaySend: body.who_may_send }),
    ...(body.who_may_edit === undefined ? {} : { whoMayEdit: body.who_may_edit }),
    ...(body.max_members === undefined ? {} : { maxMembers: body.max_members }),
  };
}

export function groupRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { groups, limits } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/groups',
      schema: {
        operationId: 'makeGroup',
        summary: 'Makes a group; the caller is its admin',
        ...about,
        headers: groupField.keyed,
        body: groupField.newGroup,
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        await takeOrRefuse(limits.groupsMadePerUser, asker.userId);
        const { body } = request;
        const changed = await groups.create(asker, {
          title: body.title,
          description: body.description,
          pictureUrl: body.picture_url,
          whoMaySend: body.who_may_send,
          whoMayEdit: body.who_may_edit,
          maxMembers: body.max_members,
          memberIds: body.member_ids,
        });
        return answerChange(dependencies, reply, changed);
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/groups',
      schema: {
        operationId: 'listGroups',
        summary: 'A page of the groups that the caller is in, by id',
        ...about,
        querystring: listed,
        response: { 200: page, ...errors },
      },
      handler: async (request) => {
        const { after, limit } = request.query;
        const { items, next } = await groups.reading.groupsOf(principalOf(request).userId, after ?? null, limit);
        const shown = items.map((one) => ({
          group_id: one.groupId,
          version: one.version,
          title: one.title,
          picture_url: one.pictureUrl,
          role: one.role,
        }));
        return { groups: shown, next };
      },
    });

    app.route({
      method: 'GET',
      url: '/v1/groups/:group_id',
      schema: {
        operationId: 'getGroup',
        summary: 'A group with its members, for its members',
        ...about,
        params: groupField.oneGroup,
        response: { 200: groupField.group, ...errors },
      },
      handler: async (request) =>
        groupField.shown(await groups.reading.group(principalOf(request).userId, request.params.group_id)),
    });

    app.route({
      method: 'PATCH',
      url: '/v1/groups/:group_id',
      schema: {
        operationId: 'changeGroup',
        summary: 'Changes title, description, picture or settings; what is left out stays',
        description: 'Title, description and picture: whoever who_may_edit names; the rest: admins.',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneGroup,
        body: groupField.settingChanges,
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const changed = await groups.change(asker, request.params.group_id, changesOf(request.body));
        return answerChange(dependencies, reply, changed);
      },
    });
  };
}
