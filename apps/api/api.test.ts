import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { Validator } from '@seriousme/openapi-schema-validator';
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

const minuteMs = 60_000;
const wrongOf = (code: string): string => (code === '000000' ? '000001' : '000000');
const codeOf = (answer: { json(): { error?: { code: string } } }): string | undefined => answer.json().error?.code;

describe('registration', () => {
  it('turns a phone number into a device with tokens, as PROTOCOL.md says', async () => {
    const phoneNumber = newNumber();
    const started = await api.post('/v1/registrations', { phone_number: phoneNumber });
    expect(started.statusCode).toBe(202);
    const { dev_code: code, expires_at_ms } = started.json();
    expect(code).toMatch(/^\d{6}$/);
    expect(expires_at_ms).toBe(api.nowMs() + 5 * minuteMs);
    const body = { phone_number: phoneNumber, code, display_name: 'Ann', device: phoneDevice };
    const verified = await api.post('/v1/registrations/verify', body);
    expect(verified.statusCode).toBe(201);
    expect(verified.headers['cache-control']).toBe('no-store');
    expect(Object.keys(verified.json()).sort()).toEqual([
      'access_expires_at_ms',
      'access_token',
      'device_id',
      'refresh_expires_at_ms',
      'refresh_token',
      'user_id',
    ]);
    const me = await api.as(verified.json(), 'GET', '/v1/me');
    expect(me.json()).toEqual({
      user_id: verified.json().user_id,
      device_id: verified.json().device_id,
      phone_number: phoneNumber,
      display_name: 'Ann',
      about: null,
      picture_url: null,
      updated_at_ms: api.nowMs(),
    });
  });

  it('takes any spelling of the number, and logs a known number in on another device', async () => {
    const phoneNumber = newNumber();
    const first = await api.register(phoneNumber);
    const spaced = `${phoneNumber.slice(0, 3)} (0)${phoneNumber.slice(3, 5)} ${phoneNumber.slice(5)}`;
    const second = await api.register(spaced, { name: 'Web', platform: 'web', key_bundle: keyBundle });
    expect(second.user_id).toBe(first.user_id);
    expect(second.device_id).not.toBe(first.device_id);
  });

  it('refuses a wrong code, then any code after five attempts, then a late one', async () => {
    const phoneNumber = newNumber();
    const ask = async (): Promise<string> =>
      (await api.post('/v1/registrations', { phone_number: phoneNumber })).json().dev_code;
    const verify = (code: string) =>
      api.post('/v1/registrations/verify', { phone_number: phoneNumber, code, display_name: 'A', device: phoneDevice });
    const right = await ask();
    for (let i = 0; i < 5; i++) {
      const answer = await verify(wrongOf(right));
      expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'invalid_code']);
    }
    const sixth = await verify(right);
    expect([sixth.statusCode, codeOf(sixth)]).toEqual([429, 'too_many_attempts']);
    expect(Number(sixth.headers['retry-after'])).toBe(300);
    const late = await ask();
    api.advance(5 * minuteMs);
    expect(codeOf(await verify(late))).toBe('invalid_code');
  });

  it('takes the code back if it could not be sent', async () => {
    const codes: string[] = [];
    const sender = {
      send: async (_: string, code: string) => {
        codes.push(code);
        throw new ParleyError('unavailable', { retryAfterMs: 5_000 });
      },
    };
    const failing = makeApi(database, { sender });
    const phone_number = newNumber();
    const answer = await failing.post('/v1/registrations', { phone_number });
    expect([answer.statusCode, codeOf(answer), answer.headers['retry-after']]).toEqual([503, 'unavailable', '5']);
    const body = { phone_number, code: codes[0], display_name: 'Ann', device: phoneDevice };
    expect(codeOf(await failing.post('/v1/registrations/verify', body))).toBe('invalid_code');
    await failing.close();
  });

  it('never answers with a code unless told to, and refuses to be told in production', async () => {
    const quiet = makeApi(database, { settings: { echoCodes: false } });
    const answer = await quiet.post('/v1/registrations', { phone_number: newNumber() });
    expect(Object.keys(answer.json())).toEqual(['expires_at_ms']);
    await quiet.close();
    expect(() => makeApi(database, { settings: { production: true } })).toThrow('production');
    expect(() => new LoggedCodeSender(api.dependencies.logger, { production: true })).toThrow('production');
  });
});

describe('tokens', () => {
  it('are exchanged for new ones; the old refresh token used again revokes the device', async () => {
    const first = await api.register();
    const refreshed = await api.post('/v1/tokens/refresh', { refresh_token: first.refresh_token });
    expect(refreshed.statusCode).toBe(200);
    const second = refreshed.json();
    expect((await api.as(second, 'GET', '/v1/me')).statusCode).toBe(200);
    const reused = await api.post('/v1/tokens/refresh', { refresh_token: first.refresh_token });
    expect([reused.statusCode, codeOf(reused)]).toEqual([401, 'invalid_refresh_token']);
    for (const tokens of [first, second]) {
      const answer = await api.as(tokens, 'GET', '/v1/me');
      expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'device_revoked']);
    }
    const next = await api.post('/v1/tokens/refresh', { refresh_token: second.refresh_token });
    expect(codeOf(next)).toBe('device_revoked');
  });

  it('are needed, and run out', async () => {
    const tokens = await api.register();
    for (const authorization of [
      '',
      'Bearer',
      'Bearer x',
      `Basic ${tokens.access_token}`,
      `Bearer ${tokens.refresh_token}`,
    ]) {
      const answer = await api.app.inject({ method: 'GET', url: '/v1/me', headers: { authorization } });
      expect([answer.statusCode, codeOf(answer)]).toEqual([401, 'unauthenticated']);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
    api.advance(16 * minuteMs);
    expect(codeOf(await api.as(tokens, 'GET', '/v1/me'))).toBe('unauthenticated');
    expect((await api.post('/v1/tokens/refresh', { refresh_token: tokens.refresh_token })).statusCode).toBe(200);
  });
});

describe('devices', () => {
  it('are listed, shown and revoked by their user alone', async () => {
    const phoneNumber = newNumber();
    const phone = await api.register(phoneNumber);
    const web = await api.register(phoneNumber, { ...phoneDevice, platform: 'web', push_token: null });
    const stranger = await api.register();
    const list = await api.as(phone, 'GET', '/v1/devices');
    expect(
      list
        .json()
        .devices.map((one: { device_id: string; current: boolean }) => [one.device_id, one.current])
        .sort(),
    ).toEqual(
      [
        [phone.device_id, true],
        [web.device_id, false],
      ].sort(),
    );
    expect((await api.as(phone, 'GET', `/v1/devices/${web.device_id}`)).json()).toMatchObject({ platform: 'web' });
    const url = `/v1/devices/${web.device_id}`;
    expect(codeOf(await api.as(stranger, 'GET', url))).toBe('not_found');
    expect(codeOf(await api.as(stranger, 'DELETE', url))).toBe('not_found');
    for (let i = 0; i < 2; i++) expect((await api.as(phone, 'DELETE', url)).statusCode).toBe(204);
    expect(codeOf(await api.as(phone, 'GET', url))).toBe('not_found');
    expect(codeOf(await api.as(web, 'GET', '/v1/me'))).toBe('device_revoked');
    expect(codeOf(await api.post('/v1/tokens/refresh', { refresh_token: web.refresh_token }))).toBe('device_revoked');
  });

  it('give their keys to anybody who writes to them, and replace them', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const url = `/v1/users/${ann.user_id}/devices`;
    expect((await api.as(bob, 'GET', url)).json()).toMatchObject({
      devices: [{ device_id: ann.device_id, key_bundle: keyBundle }],
    });
    const next = Buffer.alloc(16 * 1_024, 7).toString('base64');
    expect((await api.as(ann, 'PUT', '/v1/devices/me/keys', { key_bundle: next })).statusCode).toBe(204);
    expect((await api.as(bob, 'GET', url)).json().devices[0].key_bundle).toBe(next);
    const unknown = await api.as(bob, 'GET', '/v1/users/00000000-0000-4000-8000-000000000000/devices');
    expect([unknown.statusCode, codeOf(unknown)]).toEqual([404, 'not_found']);
  });

  it('replace and remove their push token', async () => {
    const ann = await api.register();
    for (const push_token of ['next-token', null]) {
      expect((await api.as(ann, 'PUT', '/v1/devices/me/push-token', { push_token })).statusCode).toBe(204);
    }
  });

  it('rename their user', async () => {
    const ann = await api.register();
    const answer = await api.as(ann, 'PATCH', '/v1/me', { display_name: 'Ännchen 👩‍👩‍👧' });
    expect(answer.json().display_name).toBe('Ännchen 👩‍👩‍👧');
  });
});

describe('limits', () => {
  it('codes for one number, from any network', async () => {
    const limited = makeApi(database, { limited: true, settings: { trustProxy: true } });
    const phone_number = newNumber();
    const ask = (ip: string) => limited.post('/v1/registrations', { phone_number }, { 'x-forwarded-for': ip });
    for (let i = 0; i < 5; i++) expect((await ask(`192.0.2.${i}`)).statusCode).toBe(202);
    const sixth = await ask('192.0.2.99');
    expect([sixth.statusCode, codeOf(sixth)]).toEqual([429, 'rate_limited']);
    expect(Number(sixth.headers['retry-after'])).toBe(3_600);
    expect(sixth.json().error.retry_after_ms).toBe(3_600_000);
    limited.advance(60 * minuteMs);
    expect((await ask('192.0.2.99')).statusCode).toBe(202);
    await limited.close();
  });

  it('codes and verifications from one network, for any number', async () => {
    const limited = makeApi(database, { limited: true, settings: { trustProxy: true } });
    const from = (host: number) => ({ 'x-forwarded-for': `2001:db8:1:2::${host}` });
    for (let i = 1; i <= 30; i++) {
      expect((await limited.post('/v1/registrations', { phone_number: newNumber() }, from(i))).statusCode).toBe(202);
    }
    const ask = (headers: Record<string, string>) =>
      limited.post('/v1/registrations', { phone_number: newNumber() }, headers);
    expect(codeOf(await ask(from(31)))).toBe('rate_limited');
    expect((await ask({ 'x-forwarded-for': '2001:db8:1:3::1' })).statusCode).toBe(202);
    const guess = { phone_number: newNumber(), code: '000000', display_name: 'A', device: phoneDevice };
    const answers = new Map<string | undefined, number>();
    for (let i = 0; i < 61; i++) {
      const code = codeOf(await limited.post('/v1/registrations/verify', guess, from(i)));
      answers.set(code, (answers.get(code) ?? 0) + 1);
    }
    expect(Object.fromEntries(answers)).toEqual({ invalid_code: 60, rate_limited: 1 });
    await limited.close();
  });

  it('calls of one user', async () => {
    const limited = makeApi(database, { limited: true });
    const ann = await limited.register();
    for (let i = 0; i < 300; i++) expect((await limited.as(ann, 'GET', '/v1/me')).statusCode).toBe(200);
    expect(codeOf(await limited.as(ann, 'GET', '/v1/me'))).toBe('rate_limited');
    await limited.close();
  });

  it('X-Forwarded-For is believed only from proxies that are trusted', async () => {
    const limited = makeApi(database, { limited: true });
    for (let i = 0; i < 30; i++) {
      await limited.post('/v1/registrations', { phone_number: newNumber() }, { 'x-forwarded-for': `192.0.2.${i}` });
    }
    const answer = await limited.post(
      '/v1/registrations',
      { phone_number: newNumber() },
      { 'x-forwarded-for': '192.0.2.77' },
    );
    expect(codeOf(answer)).toBe('rate_limited');
    await limited.close();
  });
});

describe('operations', () => {
  it('tell alive from ready', async () => {
    let ready = true;
    const moody = makeApi(database, { isReady: () => ready });
    const get = (url: string) => moody.app.inject({ method: 'GET', url });
    expect((await get('/ready')).json()).toEqual({ status: 'ready' });
    ready = false;
    const answer = await get('/ready');
    expect([answer.statusCode, codeOf(answer)]).toEqual([503, 'not_ready']);
    expect((await get('/health')).json()).toEqual({ status: 'ok' });
    await moody.close();
  });

  it('count requests by the pattern of their route', async () => {
    const ann = await api.register();
    await api.as(ann, 'GET', `/v1/users/${ann.user_id}/devices`);
    await api.app.inject({ method: 'GET', url: '/nowhere/at/all' });
    const { body } = await api.app.inject({ method: 'GET', url: '/metrics' });
    expect(body).toContain('route="/v1/users/:user_id/devices",status="200"');
    expect(body).toContain('method="any",route="none",status="404"');
    expect(body).not.toContain(ann.user_id);
  });

  it('describe the API as docs/openapi.json does: run `npm run pages`', async () => {
    const committed = readFileSync(fileURLToPath(new URL('../../docs/openapi.json', import.meta.url)), 'utf8');
    const document = (await api.app.inject({ method: 'GET', url: '/openapi.json' })).json();
    expect(JSON.parse(committed)).toEqual(document);
  });

  it('describe the API in a valid OpenAPI document, errors included', async () => {
    const document = (await api.app.inject({ method: 'GET', url: '/openapi.json' })).json();
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
    const operations = Object.entries<Record<string, { responses: object; security?: object }>>(document.paths).flatMap(
      ([path, methods]) => Object.entries(methods).map(([method, one]) => [`${method} ${path}`, one] as const),
    );
    expect(operations.length).toBeGreaterThan(20);
    for (const [name, { responses, security }] of operations) {
      if (!name.includes('/v1/')) continue;
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['4XX', '5XX']));
      expect(security !== undefined).toBe(!/registrations|tokens/.test(name));
    }
  });
});
