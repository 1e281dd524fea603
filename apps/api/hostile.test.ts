/** What the API does with requests that no client of ours sends, and what it tells its log about any request. */

import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { errorCatalogue, isErrorCode } from '@parley/schemas/errors/catalogue';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, keyBundle, makeApi, newNumber, phoneDevice } from './api.fixture.ts';
import { LoggedCodeSender } from './code-sender.ts';

let database: DirectoryDatabase;
let api: ApiFixture;
beforeAll(async () => {
  database = await openEmbeddedDirectory(null);
  api = makeApi(database);
}, 60_000);
afterAll(async () => {
  await api.close();
  await database.close();
});

const textOf = (odd: string): string => odd.replace(/\p{Cs}/gu, '\ufffd');
const oddStrings = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  'x'.repeat(10_000),
  '‮abc',
  '👩‍👩‍👧',
  '../../etc/passwd',
  "'; DROP TABLE users; --",
  '{"a":1}',
  '__proto__',
];

/** Any error, in the one shape, with the status of its code. */
function expectError(answer: LightMyRequestResponse, code?: string): void {
  const { error } = answer.json();
  expect(Object.keys(answer.json())).toEqual(['error']);
  expect(isErrorCode(error.code)).toBe(true);
  const entry = errorCatalogue[error.code as keyof typeof errorCatalogue];
  expect(error).toMatchObject({ message: entry.message, action: entry.action });
  expect(answer.statusCode).toBe(entry.httpStatus);
  expect(answer.headers['content-type']).toContain('application/json');
  if (code !== undefined) expect(error.code).toBe(code);
}

describe('a method that a path does not have', () => {
  it.each([
    ['TRACE', '/v1/me', 'GET, PATCH'],
    ['QUERY', '/v1/devices/45a85191-ac1c-4736-adc9-42b901496d08', 'DELETE, GET, PATCH'],
    ['HEAD', '/v1/users/45a85191-ac1c-4736-adc9-42b901496d08/devices', 'GET'],
    ['PUT', '/v1/registrations?x=1', 'POST'],
    ['POST', '/health', 'GET'],
    ['OPTIONS', '/v1/devices/me/keys', 'GET, PUT'],
  ])('is told by 405 and what is there: %s %s', async (method, url, allow) => {
    const answer = await api.app.inject({ method: method as 'GET', url });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, allow]);
    if (method !== 'HEAD') expect(answer.json().error.code).toBe('method_not_allowed');
  });

  it.each(['/', '/v1', '/v1/me/', '/v1/devices/a/b', '/v1/users//devices'])(
    'does not make a path of %s',
    async (url) => {
      const answer = await api.app.inject({ method: 'DELETE', url });
      expect([answer.statusCode, answer.headers['allow']]).toEqual([404, undefined]);
    },
  );
});

describe('errors have one shape', () => {
  it('for a field that is missing, wrong, unknown or too long, and name it', async () => {
    const good = { phone_number: newNumber(), code: '123456', display_name: 'Ann', device: phoneDevice };
    const bad: Array<[object, string]> = [
      [{ ...good, code: undefined }, 'code'],
      [{ ...good, code: '12345' }, 'code'],
      [{ ...good, code: 123456 }, 'code'],
      [{ ...good, display_name: 'x'.repeat(101) }, 'display_name'],
      [{ ...good, display_name: ' ' }, 'display_name'],
      [{ ...good, admin: true }, 'body'],
      [{ ...good, device: { ...phoneDevice, platform: 'fridge' } }, 'device/platform'],
      [{ ...good, device: { ...phoneDevice, key_bundle: 'not base64!' } }, 'device/key_bundle'],
      [{ ...good, device: { ...phoneDevice, key_bundle: '' } }, 'device/key_bundle'],
      [{ ...good, device: { ...phoneDevice, key_bundle: keyBundle.repeat(4_096) } }, 'device/key_bundle'],
      [{ ...good, device: null }, 'device'],
      [[], 'body'],
    ];
    for (const [payload, where] of bad) {
      const answer = await api.post('/v1/registrations/verify', payload);
      expectError(answer, 'invalid_request');
      expect(answer.json().error.detail).toContain(`${where}: `);
    }
  });

  it('for bodies that are no JSON, too large, of another type, or absent', async () => {
    const send = (payload: string, type = 'application/json') =>
      api.app.inject({ method: 'POST', url: '/v1/registrations', payload, headers: { 'content-type': type } });
    for (const body of ['{', 'null', '"text"', '\0', '{"__proto__": {"a": 1}}', '[['.repeat(10_000)]) {
      expectError(await send(body), 'invalid_request');
    }
    expectError(await send(`"${'x'.repeat(70_000)}"`), 'request_too_large');
    for (const type of ['text/plain', 'application/xml', 'multipart/form-data', 'nonsense']) {
      expectError(await send('phone_number=1', type), 'invalid_request');
    }
    expectError(await api.app.inject({ method: 'POST', url: '/v1/registrations' }), 'invalid_request');
  });

  it('for routes and methods that do not exist and URLs that are none', async () => {
    const ann = await api.register();
    for (const url of ['/', '/v1', '/v1/users', '/v2/me', '/v1/me/..%2f', '/%', '/v1/devices/%E0%A4%A']) {
      expectError(await api.as(ann, 'GET', url));
    }
    expectError(await api.app.inject({ method: 'DELETE', url: '/v1/me' }), 'method_not_allowed');
  });

  it('for every odd string in every place that takes text', async () => {
    const ann = await api.register();
    for (const odd of oddStrings) {
      const device = { ...phoneDevice, name: odd };
      const answers = [
        await api.post('/v1/registrations', { phone_number: odd }),
        await api.post('/v1/tokens/refresh', { refresh_token: odd }),
        await api.as(ann, 'GET', `/v1/users/${encodeURIComponent(textOf(odd))}/devices`),
        await api.as(ann, 'DELETE', `/v1/devices/${encodeURIComponent(textOf(odd))}`),
        await api.as(ann, 'PUT', '/v1/devices/me/push-token', { push_token: odd }),
        await api.as(ann, 'PATCH', '/v1/me', { display_name: odd }),
        await api.post('/v1/registrations/verify', { phone_number: odd, code: odd, display_name: odd, device }),
      ];
      for (const answer of answers) {
        expect(answer.statusCode).toBeLessThan(500);
        if (answer.statusCode >= 400) expectError(answer);
      }
    }
  });

  it('for what is no HTTP', async () => {
    const plain = makeApi(database);
    await plain.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = plain.app.server.address() as AddressInfo;
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
      let received = '';
      socket.setEncoding('utf8').on('data', (chunk) => {
        received += chunk;
      });
      socket.on('close', () => resolve(received));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!).error.code).toBe('invalid_request');
    await plain.close();
  });
});

it('no phone number, code, token or key is in the log, whatever happens', async () => {
  const failing = makeApi(database, {
    sender: { send: async () => Promise.reject(new Error('the provider said no to +41790000000')) },
  });
  const observed = makeApi(database);
  const phoneNumber = newNumber();
  const started = await observed.post('/v1/registrations', { phone_number: phoneNumber });
  const code: string = started.json().dev_code;
  const body = { phone_number: phoneNumber, code, display_name: 'Ann Secretname', device: phoneDevice };
  const tokens = (await observed.post('/v1/registrations/verify', body)).json();
  await observed.as(
    tokens,
    'GET',
    `/v1/me?phone_number=${encodeURIComponent(phoneNumber)}&token=${tokens.access_token}`,
  );
  await observed.as(tokens, 'PUT', '/v1/devices/me/keys', { key_bundle: keyBundle });
  await observed.as(tokens, 'PUT', '/v1/devices/me/push-token', { push_token: 'secret-push-token' });
  await observed.as(tokens, 'GET', `/nowhere/${phoneNumber}/${tokens.access_token}`);
  await observed.post('/v1/registrations/verify', { ...body, display_name: 1 });
  await observed.post('/v1/tokens/refresh', { refresh_token: tokens.refresh_token });
  await observed.post('/v1/tokens/refresh', { refresh_token: tokens.refresh_token });
  const headers = { 'content-type': 'application/json' };
  const broken = `{"phone_number": "${phoneNumber}", "code": "${code}", oops`;
  await observed.app.inject({ method: 'POST', url: '/v1/registrations', payload: broken, headers });
  await failing.post('/v1/registrations', { phone_number: phoneNumber });
  const lines = [...observed.log, ...failing.log];
  expect(lines.length).toBeGreaterThan(9);
  const text = lines.join('\n');
  const secrets = [
    phoneNumber,
    phoneNumber.slice(1),
    code,
    tokens.access_token,
    tokens.refresh_token,
    tokens.access_token.split('.')[2],
    keyBundle,
    'secret-push-token',
    phoneDevice.push_token,
    'Secretname',
    '+41790000000',
  ];
  for (const secret of secrets) expect(text.includes(secret), `the log holds ${secret}`).toBe(false);
  expect(text).toContain(tokens.user_id);
  await failing.close();
  await observed.close();
});

it('the development sender prints the code and the end of the number', async () => {
  const observed = makeApi(database);
  await new LoggedCodeSender(observed.dependencies.logger, { production: false }).send('+41791234567', '123456');
  expect(observed.log.join('')).toContain('…567: 123456');
  expect(observed.log.join('')).not.toContain('1234567');
  await observed.close();
});
