/**
 * What users say of themselves, for others.
 *
 * Whoever is registered and knows a user's id may see it: ids are random, and learned from conversations, groups and contacts alone.
 * The phone number is never among it. Of a deleted account only that it was deleted is left.
 */
import type { Profile } from '@parley/projections/directory/profiles';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';

const maxProfilesPerRead = 100;

const profile = z.object({
  user_id: field.uuid,
  display_name: z.string().describe('empty if the account was deleted'),
  about: z.string().nullable(),
  picture_url: z.string().nullable(),
  deleted: z.boolean(),
  updated_at_ms: field.timeMs,
});

const answerFor = (one: Profile): z.infer<typeof profile> => ({
  user_id: one.userId,
  display_name: one.displayName,
  about: one.about,
  picture_url: one.pictureUrl,
  deleted: one.isDeleted,
  updated_at_ms: one.updatedAtMs,
});

export function profileRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { profiles } = dependencies.accounts;
  const common = { tags: ['users'], security: [{ bearer: [] }] };
  const errors = { '4xx': errorBody, '5xx': errorBody };

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/users/:user_id/profile',
      schema: {
        operationId: 'getProfile',
        summary: 'What a user says of themselves',
        params: z.object({ user_id: field.uuid }),
        response: { 200: profile, ...errors },
        ...common,
      },
      handler: async (request) => {
        const [found] = await profiles.of([request.params.user_id]);
        if (found === undefined) throw new ParleyError('not_found');
        return answerFor(found);
      },
    });

    app.route({
      method: 'POST',
      url: '/v1/profiles',
      schema: {
        operationId: 'listProfiles',
        summary: 'What several users say of themselves, such as the members of a group',
        description: 'In no order. Ids that are nobody are left out.',
        body: z.strictObject({ user_ids: z.array(field.uuid).max(maxProfilesPerRead) }),
        response: { 200: z.object({ profiles: z.array(profile) }), ...errors },
        ...common,
      },
      handler: async (request) => {
        const found = await profiles.of([...new Set(request.body.user_ids)]);
        return { profiles: found.map(answerFor) };
      },
    });
  };
}
