/**
 * The admin API: for operators, on a port and with tokens of its own; nothing of it is on the public port.
 *
 * A call passes: the operator's token (before the body is read), the schema, the trail (a call that can't be written down is not
 * carried out), the handler. It tells metadata alone: no message, name, number or key, but for what a reporter chose to disclose.
 */
import fastifySwagger from '@fastify/swagger';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { answerClientError, answerError, useErrors } from '../errors.ts';
import type { AdminDependencies } from './dependencies.ts';
import { operatorOf } from './operators.ts';
import { adminReportRoutes } from './report-routes.ts';
import { adminSubjectRoutes } from './subject-routes.ts';

const maxBodyBytes = 16 * 1_024;
const requestTimeoutMs = 10_000;
const maxConnections = 100;

export function createAdminApi(dependencies: AdminDependencies): FastifyInstance {
  const { operators, desk, logger } = dependencies;
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError,
  });
  app.server.maxConnections = maxConnections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('operator', null);
  useErrors(app);
  app.addHook('onRequest', async (request) => {
    request.operator = operators.nameOf(request.headers.authorization);
    if (request.operator === null) throw new ParleyError('unauthenticated');
  });
  app.addHook('preHandler', (request) => desk.wrote(operatorOf(request), actionOf(request), targetOf(request)));
  app.addHook('onResponse', async (request, reply) => {
    const { operator, id: requestId, method } = request;
    const route = request.routeOptions.url ?? 'none';
    logger.info({ requestId, method, route, status: reply.statusCode, operator }, 'admin request');
  });
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parley admin',
        description: 'For operators. Metadata and reports, never a message.',
        version: '1',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  app.register(adminSubjectRoutes(dependencies));
  app.register(adminReportRoutes(dependencies));
  return app;
}

function actionOf({ routeOptions, method }: FastifyRequest): string {
  const { operationId } = (routeOptions.schema ?? {}) as { readonly operationId?: string };
  return operationId ?? `${method} unknown`;
}

/** The ids in the path, which are valid by now. */
function targetOf({ params, routeOptions }: FastifyRequest): string | null {
  if (routeOptions.url === undefined) return null;
  const ids = Object.values((params ?? {}) as Record<string, string>);
  return ids.length === 0 ? null : ids.join(' ');
}
