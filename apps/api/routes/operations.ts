/** For those who run it: alive, ready, metrics, and the description of the API. */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiDependencies } from '../dependencies.ts';
import { errorBody } from '../errors.ts';

const status = z.object({ status: z.string() });
const retryAfterMs = 1_000;

export function operationRoutes({ isReady, metrics }: ApiDependencies): FastifyPluginAsyncZod {
  return async (app) => {
    const tags = ['operations'];
    app.route({
      method: 'GET',
      url: '/health',
      schema: { operationId: 'health', summary: 'Whether the process lives', tags, response: { 200: status } },
      handler: () => ({ status: 'ok' }),
    });

    app.route({
      method: 'GET',
      url: '/ready',
      schema: {
        operationId: 'ready',
        summary: 'Whether the process may be given work',
        tags,
        response: { 200: status, '5xx': errorBody },
      },
      handler: async () => {
        if (!isReady()) throw new ParleyError('not_ready', { retryAfterMs });
        return { status: 'ready' };
      },
    });

    app.route({
      method: 'GET',
      url: '/metrics',
      schema: { hide: true },
      handler: async (_request, reply) => {
        reply.type(metrics.contentType);
        return metrics.metrics();
      },
    });

    app.route({
      method: 'GET',
      url: '/openapi.json',
      schema: { hide: true },
      handler: () => app.swagger(),
    });
  };
}
