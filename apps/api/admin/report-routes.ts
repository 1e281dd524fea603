/** The queue of reports. */
import { reportReasons } from '@parley/projections/directory/reports';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorBody } from '../errors.ts';
import * as field from '../fields.ts';
import type { AdminDependencies } from './dependencies.ts';
import { operatorOf } from './operators.ts';

const about = { security: [{ bearer: [] }] };
const errors = { '4xx': errorBody, '5xx': errorBody };
const maxReports = 100;
const report = z.object({
  report_id: field.uuid,
  reporter_id: field.uuid,
  user_id: field.uuid.nullable(),
  group_id: field.uuid.nullable(),
  reason: z.enum(reportReasons),
  text: z.string(),
  messages: z.array(z.object({ message_id: z.string(), text: z.string() })),
  created_at_ms: field.timeMs,
  handled_at_ms: field.timeMs.nullable(),
  handled_by: z.string().nullable(),
});

export function adminReportRoutes({ accounts }: AdminDependencies): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: 'GET',
      url: '/admin/v1/reports',
      schema: {
        operationId: 'adminListReports',
        summary: 'Reports with what their reporters chose to show, the oldest first',
        ...about,
        querystring: z.strictObject({
          handled: z.enum(['true', 'false']).default('false'),
          after: field.uuid.optional().describe('a report: those after it'),
          limit: z.coerce.number().int().min(1).max(maxReports).default(maxReports),
        }),
        response: { 200: z.object({ reports: z.array(report), next: z.string().nullable() }), ...errors },
      },
      handler: async (request) => {
        const { handled, after, limit } = request.query;
        const found = await accounts.reports.list({ after: after ?? null, limit, isHandled: handled === 'true' });
        const reports = found.slice(0, limit).map((one) => ({
          report_id: one.reportId,
          reporter_id: one.reporterId,
          user_id: 'userId' in one.about ? one.about.userId : null,
          group_id: 'groupId' in one.about ? one.about.groupId : null,
          reason: one.reason,
          text: one.text,
          messages: one.disclosed.map(({ messageId, text }) => ({ message_id: messageId, text })),
          created_at_ms: one.createdAtMs,
          handled_at_ms: one.handled?.atMs ?? null,
          handled_by: one.handled?.by ?? null,
        }));
        return { reports, next: found.length > limit ? reports.at(-1)!.report_id : null };
      },
    });

    app.route({
      method: 'PUT',
      url: '/admin/v1/reports/:report_id/handled',
      schema: {
        operationId: 'adminHandleReport',
        summary: 'Takes a report out of the queue; who did so first stays',
        ...about,
        params: z.object({ report_id: field.uuid }),
        response: { 204: field.nothing, ...errors },
      },
      handler: async (request, reply) => {
        await accounts.reports.handle(request.params.report_id, operatorOf(request));
        reply.code(204);
        return null;
      },
    });
  };
}
