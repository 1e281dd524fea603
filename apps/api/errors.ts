/** Every error of the API in one shape, from the catalogue: those of handlers, of validation, of fastify and of HTTP itself. */
import { type ErrorCode, errorCatalogue } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { rememberMethods } from './allowed-methods.ts';

export const errorBody = z
  .object({
    error: z.object({
      code: z.string().describe('a code of docs/ERRORS.md'),
      message: z.string().describe('what it means, for a person'),
      action: z.string().describe('what to do about it'),
      detail: z.string().optional().describe('what exactly'),
      retry_after_ms: z.int().optional().describe('when the same may be sent again'),
    }),
  })
  .describe('an error');

export type ErrorBody = z.infer<typeof errorBody>;

export function bodyOf(error: ParleyError): ErrorBody {
  const { message, action } = errorCatalogue[error.code];
  return {
    error: {
      code: error.code,
      message,
      action,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      ...(error.retryAfterMs === undefined ? {} : { retry_after_ms: Math.ceil(error.retryAfterMs) }),
    },
  };
}

/** What fastify objects to before a handler runs; its own messages may quote the request. */
const fastifyErrors: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['request_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['invalid_request', 'content-type: must be application/json'],
  FST_ERR_CTP_EMPTY_TYPE: ['invalid_request', 'content-type: must be application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid_request', 'body: must not be empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid_request', 'body: must be JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invalid_request', 'content-length: must be that of the body'],
  FST_ERR_BAD_URL: ['invalid_request', 'url: must be well-formed'],
  FST_ERR_MAX_PARAM_LENGTH: ['invalid_request', 'url: a part is too long'],
  FST_ERR_CTP_INSTANCE_ALREADY_STARTED: ['not_ready'],
};
const maxIssues = 5;

/** The error as one of the catalogue; what nobody expected is `internal`, and says nothing more. */
export function catalogued(error: unknown): ParleyError {
  if (error instanceof ParleyError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.slice(0, maxIssues);
    const detail = issues.map(
      (issue) => `${issue.instancePath.slice(1) || 'body'}: ${issue.message ?? 'is not valid'}`,
    );
    return new ParleyError('invalid_request', { detail: detail.join('; ') });
  }
  if (!(error instanceof Error) || isResponseSerializationError(error))
    return new ParleyError('internal', { cause: error });
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number };
  const [known, detail] = fastifyErrors[code] ?? [];
  if (known !== undefined) return new ParleyError(known, detail === undefined ? {} : { detail });
  if (statusCode >= 400 && statusCode < 500) return new ParleyError('invalid_request');
  return new ParleyError('internal', { cause: error });
}

function answer(reply: FastifyReply, error: ParleyError): void {
  const { httpStatus } = errorCatalogue[error.code];
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1_000)));
  if (httpStatus === 401) reply.header('www-authenticate', 'Bearer');
  reply.code(httpStatus).type('application/json; charset=utf-8').send(bodyOf(error));
}

const maxFrames = 8;

/**
 * What an error says about our code, for the log: kinds, codes and frames along its causes. The text of an error that is not
 * ours is left out, because it may quote what it was given.
 */
function traceOf(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { errorCode: error.code } : {};
  const message = error instanceof ParleyError ? { message: error.message } : {};
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const cause = error.cause === undefined ? {} : { cause: traceOf(error.cause) };
  return { type: error.name, ...code, ...message, frames: frames.slice(0, maxFrames), ...cause };
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = catalogued(error);
  if (errorCatalogue[known.code].httpStatus >= 500) {
    request.log.error({ errorCode: known.code, requestId: request.id, failure: traceOf(known) }, 'a request failed');
  }
  answer(reply, known);
}

/** Fastify wants a content type of every request with the method QUERY before it looks whether a route has it; none of ours does. */
const isQuery = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: string }).code === 'FST_ERR_ROUTE_MISSING_CONTENT_TYPE';

export function useErrors(app: FastifyInstance): void {
  const methodsOf = rememberMethods(app);
  const answerNoRoute = (request: FastifyRequest, reply: FastifyReply): void => {
    const methods = methodsOf(request.url.split('?')[0]!);
    if (methods.length === 0) answer(reply, new ParleyError('not_found', { detail: 'no such route' }));
    else answer(reply.header('allow', methods.join(', ')), new ParleyError('method_not_allowed'));
  };
  app.setNotFoundHandler(answerNoRoute);
  app.setErrorHandler((error, request, reply) => {
    if (isQuery(error)) answerNoRoute(request, reply);
    else answerError(error, request, reply);
  });
}

/** For what is no HTTP at all: the answer by hand, then the end of the connection. */
export function answerClientError(
  _error: Error,
  socket: { writable: boolean; write(text: string): unknown; destroy(): void },
): void {
  if (socket.writable) {
    const body = JSON.stringify(bodyOf(new ParleyError('invalid_request', { detail: 'not an HTTP request' })));
    const head = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8';
    socket.write(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroy();
}
