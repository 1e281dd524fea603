/** What an admin can do about the key agreement of a group: replace its MLS group when a commit turned out to be of no use. */
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import * as groupField from '../groups/fields.ts';
import { admitChange, answerChange } from '../groups/settle.ts';

const { about } = groupField;
const generation = z
  .int()
  .min(0)
  .describe('the generation that ends; if another admin has ended it already, nothing changes');

export function groupMlsRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { groups } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/groups/:group_id/mls-generations',
      schema: {
        operationId: 'openMlsGeneration',
        summary: 'Ends the MLS group of a group and lets a new one begin at epoch 0; for admins',
        description: 'For when members say that they cannot apply the commit that was accepted for an epoch.',
        ...about,
        headers: groupField.perhapsKeyed,
        params: groupField.oneGroup,
        body: z.strictObject({ from_generation: generation }),
        response: groupField.changeAnswers,
      },
      handler: async (request, reply) => {
        const asker = groupField.askerOf(request);
        await admitChange(dependencies, asker.userId);
        const { from_generation } = request.body;
        const changed = await groups.openMlsGeneration(asker, request.params.group_id, from_generation);
        return answerChange(dependencies, reply, changed);
      },
    });
  };
}
