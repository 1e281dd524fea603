/** Reports of a user or a group, with what the caller chose to show. */
import {
  maxDisclosedChars,
  maxDisclosedMessages,
  maxReportTextChars,
  type ReportAbout,
  reportReasons,
} from '@parley/projections/directory/reports';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { isMessageId } from '@parley/schemas/identity/message-id';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { authenticate, principalOf } from '../authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import { takeOrRefuse } from '../limits.ts';

/** SQL can hold no NUL, and nothing can show half a character. */
const text = (maxChars: number) =>
  z
    .string()
    .max(maxChars)
    .regex(/^[^\0\p{Cs}]*$/u, 'must be text');
const disclosed = z.strictObject({
  message_id: z.string().refine(isMessageId, 'must be the id of a message'),
  text: text(maxDisclosedChars).describe('what it says: plaintext, or ciphertext as text'),
});
const report = z.strictObject({
  user_id: field.uuid.optional().describe('who is reported'),
  group_id: field.uuid.optional().describe('or which group, of those that the caller is in'),
  reason: z.enum(reportReasons),
  text: text(maxReportTextChars).default('').describe('in the words of the caller'),
  messages: z.array(disclosed).max(maxDisclosedMessages).default([]).describe('what the caller chose to show'),
});

/** @throws ParleyError `invalid_request` */
function aboutOf({ user_id, group_id }: z.infer<typeof report>, callerId: string): ReportAbout {
  if (user_id !== undefined && group_id === undefined && user_id !== callerId) return { userId: user_id };
  if (group_id !== undefined && user_id === undefined) return { groupId: group_id };
  throw new ParleyError('invalid_request', { detail: 'exactly one of user_id, of another user, and group_id' });
}

export function reportRoutes(dependencies: ApiDependencies): FastifyPluginAsyncZod {
  const { accounts, limits } = dependencies;

  return async (app) => {
    app.addHook('onRequest', authenticate(dependencies));

    app.route({
      method: 'POST',
      url: '/v1/reports',
      schema: {
        operationId: 'report',
        summary: 'Reports a user or a group to the operator',
        description:
          'The operator sees this and nothing else: messages are encrypted. Kept for 180 days. Who is reported is not told.',
        tags: ['reports'],
        security: [{ bearer: [] }],
        body: report,
        response: { 201: z.object({ report_id: field.uuid }), '4xx': errorBody, '5xx': errorBody },
      },
      handler: async (request, reply) => {
        const { userId } = principalOf(request);
        const { reason, text, messages } = request.body;
        const about = aboutOf(request.body, userId);
        await takeOrRefuse(limits.reportsPerUser, userId);
        const shown = messages.map(({ message_id, text }) => ({ messageId: message_id, text }));
        const filed = { reporterId: userId, about, reason, text, disclosed: shown };
        reply.code(201);
        return { report_id: await accounts.reports.file(filed) };
      },
    });
  };
}
