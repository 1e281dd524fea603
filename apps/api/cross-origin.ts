/**
 * Lets pages of the listed origins call the API from a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * Without a list no header is sent and browsers keep every page out. Tokens travel in the Authorization header and never in a cookie,
 * so that no page acts for a user who did not hand it a token; the list is there all the same, because pages are where tokens leak.
 */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** How long a browser remembers the answer to a preflight. */
const maxAgeSeconds = 600;

export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key'],
    exposedHeaders: ['retry-after'],
    credentials: false,
    maxAge: maxAgeSeconds,
    // A request that is no preflight would otherwise be answered in the plugin's words, not in those of errors.ts.
    strictPreflight: false,
  });
}
