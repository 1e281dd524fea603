/** Who may know what of the caller. */
import { audiences, type PrivacySettings } from '@parley/projections/directory/privacy';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';

const lastSeen = z
  .enum(audiences)
  .describe('who may see whether the caller is online and when they were last; the caller sees no more of others');
const readReceipts = z
  .boolean()
  .describe('false: nobody learns what the caller has read, and the caller not what others have');
const privacy = z.object({ last_seen: lastSeen, read_receipts: readReceipts });

const answerFor = (settings: PrivacySettings): z.infer<typeof privacy> => ({
  last_seen: settings.lastSeen,
  read_receipts: settings.readReceipts,
});

export function privacyRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const store = dependencies.accounts.privacy;
  const common = {
    tags: ['users'],
    security: [{ bearer: [] }],
    response: { 200: privacy, '4xx': errorBody, '5xx': errorBody },
  };

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'GET',
      url: '/v1/me/privacy',
      schema: { operationId: 'getPrivacy', summary: 'Who may know what of the caller', ...common },
      handler: async (request) => {
        const [settings] = await store.settingsOf([principalOf(request).userId]);
        return answerFor(settings!);
      },
    });

    app.route({
      method: 'PATCH',
      url: '/v1/me/privacy',
      schema: {
        operationId: 'changePrivacy',
        summary: 'Changes who may know what of the caller; what is left out stays',
        description: 'Felt everywhere within a minute; what is on a screen by then is taken back within three.',
        body: z.strictObject({ last_seen: lastSeen.optional(), read_receipts: readReceipts.optional() }),
        ...common,
      },
      handler: async (request) => {
        const { last_seen, read_receipts } = request.body;
        const changes = {
          ...(last_seen === undefined ? {} : { lastSeen: last_seen }),
          ...(read_receipts === undefined ? {} : { readReceipts: read_receipts }),
        };
        return answerFor(await store.change(principalOf(request).userId, changes));
      },
    });
  };
}
