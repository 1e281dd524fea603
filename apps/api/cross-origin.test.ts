import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { loadConfig } from '@parley/runtime/config';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ApiFixture, makeApi, newNumber } from './api.fixture.ts';
import { apiConfig } from './config.ts';

const page = 'https://chat.example.org';
const stranger = 'https://chat.example.org.evil.example';

describe('pages in browsers', () => {
  let database: DirectoryDatabase;
  let api: ApiFixture;

  beforeAll(async () => {
    database = await openEmbeddedDirectory(null);
  }, 60_000);

  afterEach(() => api.close());
  afterAll(() => database.close());

  const preflight = (origin: string) =>
    api.app.inject({
      method: 'OPTIONS',
      url: '/v1/me',
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' },
    });

  it('may call the API if their origin is on the list, and read its errors', async () => {
    api = makeApi(database, { settings: { corsOrigins: [page, 'http://localhost:5173'] } });
    const asked = await preflight(page);
    expect(asked.statusCode).toBe(204);
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key',
      'access-control-max-age': '600',
      vary: 'Origin',
    });
    expect(asked.headers['access-control-allow-credentials']).toBeUndefined();
    const started = await api.post('/v1/registrations', { phone_number: newNumber() }, { origin: page });
    expect(started.headers['access-control-allow-origin']).toBe(page);
    const refused = await api.app.inject({ url: '/v1/me', headers: { origin: page } });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe(page);
    expect(refused.headers['access-control-expose-headers']).toBe('retry-after');
  });

  it('of other origins get no word that a browser would let them read', async () => {
    api = makeApi(database, { settings: { corsOrigins: [page] } });
    for (const origin of [stranger, 'http://chat.example.org', 'null']) {
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
      const answer = await api.app.inject({ url: '/health', headers: { origin } });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('are all kept out where no list is given', async () => {
    api = makeApi(database);
    const asked = await preflight(page);
    expect(asked.statusCode).toBe(405);
    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('are named by exact origins in the configuration, never by a wildcard or a path', () => {
    const schema = z.object({ PARLEY_API_CORS_ORIGINS: apiConfig.PARLEY_API_CORS_ORIGINS });
    const origins = (value?: string) => loadConfig(schema, { PARLEY_API_CORS_ORIGINS: value }).PARLEY_API_CORS_ORIGINS;
    expect(origins()).toEqual([]);
    expect(origins('https://a.example, http://localhost:5173')).toEqual(['https://a.example', 'http://localhost:5173']);
    for (const bad of ['*', 'https://*.example', 'https://a.example/', 'a.example', 'https://A.example', 'null']) {
      expect(() => origins(bad)).toThrow('PARLEY_API_CORS_ORIGINS');
    }
  });
});
