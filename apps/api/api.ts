/**
 * The HTTP API: registration, tokens, devices and keys, on fastify.
 *
 * A request passes: its size and time, the limit of its network or its access token (before the body is read), the schema of its
 * body, the handler; what fails on the way is answered by `errors.ts` in one shape. One log line and one measurement per request
 * name the route's pattern, never the URL, the body or a header.
 */
import fastifySwagger from '@fastify/swagger';
import { invariant } from '@parley/schemas/errors/invariant';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { Histogram } from 'prom-client';
import { allowOrigins } from './cross-origin.ts';
import type { ApiDependencies, ApiSettings } from './dependencies.ts';
import { answerClientError, answerError, useErrors } from './errors.ts';
import { accountDeletionRoutes } from './routes/account-deletion.ts';
import { accountExportRoutes } from './routes/account-export.ts';
import { blockRoutes } from './routes/blocks.ts';
import { contactRoutes } from './routes/contacts.ts';
import { conversationKeyRoutes } from './routes/conversation-keys.ts';
import { deviceLinkRoutes } from './routes/device-links.ts';
import { deviceRoutes } from './routes/devices.ts';
import { groupInviteRoutes } from './routes/group-invites.ts';
import { groupMemberRoutes } from './routes/group-members.ts';
import { groupMlsRoutes } from './routes/group-mls.ts';
import { groupRoutes } from './routes/groups.ts';
import { identityRoutes } from './routes/identities.ts';
import { keyRoutes } from './routes/keys.ts';
import { meRoutes } from './routes/me.ts';
import { operationRoutes } from './routes/operations.ts';
import { privacyRoutes } from './routes/privacy.ts';
import { profileRoutes } from './routes/profiles.ts';
import { registrationRoutes } from './routes/registrations.ts';
import { reportRoutes } from './routes/reports.ts';
import { timerRoutes } from './routes/timers.ts';

const requestTimeoutMs = 10_000;
/** Longer than a load balancer keeps idle connections, so that it is the one to close. */
const keepAliveTimeoutMs = 65_000;

/** Asked every few seconds by machines. */
const operations = /^\/(health|ready|metrics)$/;

export function createApi(dependencies: ApiDependencies, settings: ApiSettings): FastifyInstance {
  invariant(!(settings.production && settings.echoCodes), 'one-time codes are never answered in production');
  const app = fastify({
    loggerInstance: dependencies.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: settings.trustProxy,
    bodyLimit: settings.maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerError,
  });
  app.server.maxConnections = settings.maxConnections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('principal', null);
  useErrors(app);
  observe(app, dependencies);
  describe(app);
  allowOrigins(app, settings.corsOrigins);
  app.register(registrationRoutes(dependencies, settings));
  app.register(meRoutes(dependencies));
  app.register(accountDeletionRoutes(dependencies, settings));
  app.register(accountExportRoutes(dependencies));
  app.register(profileRoutes(dependencies));
  app.register(contactRoutes(dependencies));
  app.register(blockRoutes(dependencies));
  app.register(deviceLinkRoutes(dependencies));
  app.register(deviceRoutes(dependencies));
  app.register(identityRoutes(dependencies));
  app.register(conversationKeyRoutes(dependencies));
  app.register(groupRoutes(dependencies));
  app.register(groupMemberRoutes(dependencies));
  app.register(groupInviteRoutes(dependencies));
  app.register(groupMlsRoutes(dependencies));
  app.register(reportRoutes(dependencies));
  app.register(timerRoutes(dependencies));
  app.register(keyRoutes(dependencies));
  app.register(privacyRoutes(dependencies));
  app.register(operationRoutes(dependencies));
  return app;
}

function observe(app: FastifyInstance, { metrics, logger }: ApiDependencies): void {
  const seconds = new Histogram({
    name: 'parley_api_request_seconds',
    help: 'time from a request to its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [metrics],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    const method = request.routeOptions.url === undefined ? 'any' : request.method;
    seconds.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1_000);
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    const who = request.principal === null ? {} : { userId: request.principal.userId };
    const line = { requestId: request.id, method, route, status: reply.statusCode, ms, ...who };
    if (operations.test(route)) logger.debug(line, 'request');
    else logger.info(line, 'request');
  });
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.url?.startsWith('/v1/')) reply.header('cache-control', 'no-store');
  });
}

function describe(app: FastifyInstance): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parley',
        description:
          'Registration, tokens, profiles, contacts, devices, keys and groups. Messages go over the WebSocket protocol.',
        version: '1',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
}
