/** The caller's own profile. */
import type { OwnProfile } from '@parley/projections/directory/profiles';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';

const me = z.object({
  user_id: field.uuid,
  device_id: field.uuid,
  phone_number: field.phoneNumber,
  display_name: z.string(),
  about: z.string().nullable(),
  picture_url: z.string().nullable(),
  updated_at_ms: field.timeMs,
});

const answerFor = (profile: OwnProfile, deviceId: string): z.infer<typeof me> => ({
  user_id: profile.userId,
  device_id: deviceId,
  phone_number: profile.phoneNumber,
  display_name: profile.displayName,
  about: profile.about,
  picture_url: profile.pictureUrl,
  updated_at_ms: profile.updatedAtMs,
});

export function meRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { profiles } = dependencies.accounts;
  const common = {
    tags: ['users'],
    security: [{ bearer: [] }],
    response: { 200: me, '4xx': errorBody, '5xx': errorBody },
  };

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/me',
      schema: { operationId: 'getMe', summary: 'Who the caller is', ...common },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        return answerFor(await profiles.own(userId), deviceId);
      },
    });

    app.route({
      method: 'PATCH',
      url: '/v1/me',
      schema: {
        operationId: 'changeMe',
        summary: 'Changes what others see of the caller; what is left out stays',
        body: z.strictObject({
          display_name: field.displayName.optional(),
          about: field.about.optional(),
          picture_url: field.pictureUrl.optional(),
        }),
        ...common,
      },
      handler: async (request) => {
        const { userId, deviceId } = principalOf(request);
        const { display_name, about, picture_url } = request.body;
        const changes = { displayName: display_name, about, pictureUrl: picture_url };
        return answerFor(await profiles.change(userId, changes), deviceId);
      },
    });
  };
}
