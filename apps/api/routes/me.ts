/** The caller's own account. */

import type { Principal } from '@parley/projections/directory/directory';
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
});

export function meRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts } = dependencies;
  const answerFor = async ({ userId, deviceId }: Principal): Promise<z.infer<typeof me>> => {
    const user = await accounts.user(userId);
    return { user_id: userId, device_id: deviceId, phone_number: user.phoneNumber, display_name: user.displayName };
  };
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
      handler: (request) => answerFor(principalOf(request)),
    });

    app.route({
      method: 'PATCH',
      url: '/v1/me',
      schema: {
        operationId: 'changeMe',
        summary: 'Changes what others see of the caller',
        body: z.strictObject({ display_name: field.displayName }),
        ...common,
      },
      handler: async (request) => {
        const principal = principalOf(request);
        await accounts.rename(principal.userId, request.body.display_name);
        return answerFor(principal);
      },
    });
  };
}
