/** Profiles, address books, links and the end of an account over HTTP. */
import type { DirectoryDatabase } from '@parley/projections/directory/database';
import { openEmbeddedDirectory } from '@parley/projections/directory/open';
import { limitTable } from '@parley/projections/limits/table';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiFixture, keyBundle, makeApi, newNumber, phoneDevice, type TokenAnswer } from './api.fixture.ts';

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

const codeOf = (answer: LightMyRequestResponse): string | undefined => answer.json().error?.code;
const nobody = '00000000-0000-4000-8000-000000000000';

describe('profiles', () => {
  it('change where they are told to, and are shown to others without the number', async () => {
    const phoneNumber = newNumber();
    const [ann, bob] = [await api.register(phoneNumber), await api.register()];
    const shown = { display_name: 'Ann', about: 'Am Meer 🌊', picture_url: 'https://example.org:8443/ann.png?v=2' };
    const changed = await api.as(ann, 'PATCH', '/v1/me', { about: shown.about, picture_url: shown.picture_url });
    expect(changed.json()).toMatchObject({ ...shown, phone_number: phoneNumber });
    const seen = await api.as(bob, 'GET', `/v1/users/${ann.user_id}/profile`);
    expect(seen.json()).toEqual({ user_id: ann.user_id, ...shown, deleted: false, updated_at_ms: api.nowMs() });
    const several = await api.as(bob, 'POST', '/v1/profiles', { user_ids: [ann.user_id, nobody, ann.user_id] });
    expect(several.json()).toEqual({ profiles: [seen.json()] });
    const cleared = await api.as(ann, 'PATCH', '/v1/me', { about: null, picture_url: null });
    expect(cleared.json()).toMatchObject({ display_name: 'Ann', about: null, picture_url: null });
    expect(codeOf(await api.as(bob, 'GET', `/v1/users/${nobody}/profile`))).toBe('not_found');
  });

  it('take no text that nobody could show, and no picture but by https', async () => {
    const ann = await api.register();
    const bad = [
      { about: 'x'.repeat(140) },
      { about: ' ' },
      { about: 'a\0b' },
      { picture_url: 'http://example.org/a.png' },
      { picture_url: 'javascript:alert(1)' },
      { picture_url: 'https://example.org/\u0000' },
      { picture_url: 'https://user:password@example.org/' },
      { picture_url: `https://example.org/${'x'.repeat(500)}` },
      { display_name: null },
      { phone_number: '+41791234567' },
    ];
    for (const body of bad) expect(codeOf(await api.as(ann, 'PATCH', '/v1/me', body))).toBe('invalid_request');
  });
});

describe('contacts', () => {
  it('are found by the numbers of an address book, also by those of the caller’s own country', async () => {
    const [annsNumber, bobsNumber] = [newNumber(), newNumber()];
    const [ann, bob] = [await api.register(annsNumber), await api.register(bobsNumber)];
    const national = `0${bobsNumber.slice(3)}`;
    const phone_numbers = [bobsNumber, national, national, newNumber(), 'not a number', '', '+1', '117'];
    const answer = await api.as(ann, 'POST', '/v1/contact-discovery', { phone_numbers });
    expect(answer.json()).toEqual({
      users: [
        { phone_number: bobsNumber, e164: bobsNumber, user_id: bob.user_id },
        { phone_number: national, e164: bobsNumber, user_id: bob.user_id },
      ],
    });
  });

  it('are kept, changed, searched, paged and taken away', async () => {
    const ann = await api.register();
    const others = await Promise.all(Array.from({ length: 5 }, () => api.register()));
    const contacts = others.map(({ user_id }, index) => ({ user_id, label: `Zoë ${index}` }));
    expect((await api.as(ann, 'PUT', '/v1/contacts', { contacts })).statusCode).toBe(204);
    const url = `/v1/contacts/${others[0]!.user_id}`;
    expect((await api.as(ann, 'PUT', url, { label: 'Ünal' })).statusCode).toBe(204);
    expect((await api.as(ann, 'GET', '/v1/contacts?search=UNAL')).json().contacts).toEqual([
      { user_id: others[0]!.user_id, label: 'Ünal', updated_at_ms: api.nowMs() },
    ]);
    const labels: string[] = [];
    let query = '?limit=2';
    for (let next: string | null = ''; next !== null; query = `?limit=2&after=${next}`) {
      const page: { contacts: { label: string }[]; next: string | null } = (
        await api.as(ann, 'GET', `/v1/contacts${query}`)
      ).json();
      labels.push(...page.contacts.map(({ label }) => label));
      next = page.next;
    }
    expect(labels).toEqual(['Ünal', 'Zoë 1', 'Zoë 2', 'Zoë 3', 'Zoë 4']);
    for (let i = 0; i < 2; i++) expect((await api.as(ann, 'DELETE', url)).statusCode).toBe(204);
    expect((await api.as(ann, 'GET', '/v1/contacts')).json().contacts).toHaveLength(4);
    expect(codeOf(await api.as(ann, 'PUT', `/v1/contacts/${nobody}`, { label: 'Nobody' }))).toBe('not_found');
  });

  it('bear any search and any cursor', async () => {
    const ann = await api.register();
    const odd = ['%', '_', "'", '\\', '\u202e', '👩‍👩‍👧', 'x'.repeat(100), 'a\0b'].map(encodeURIComponent);
    for (const search of odd) {
      expect((await api.as(ann, 'GET', `/v1/contacts?search=${search}`)).json()).toEqual({ contacts: [], next: null });
    }
    const cursors = ['', 'x', 'AAAA', Buffer.from(`${nobody}\0`).toString('base64url'), 'x'.repeat(2_000), '%00'];
    for (const query of [...cursors.map((after) => `after=${after}`), 'limit=0', 'limit=x', 'limit=201', 'q=1']) {
      expect(codeOf(await api.as(ann, 'GET', `/v1/contacts?${query}`)), query).toBe('invalid_request');
    }
    const wild = Buffer.from(`${nobody}${'\uffff'.repeat(200)}`).toString('base64url');
    expect((await api.as(ann, 'GET', `/v1/contacts?after=${wild}`)).statusCode).toBe(200);
  });

  it('cannot be used to read out the directory: the day’s budget is one of numbers, and says when it is open again', async () => {
    const limited = makeApi(database, { limited: true });
    const ann = await limited.register();
    const { limit, windowMs } = limitTable.numbersPerUser;
    const ask = (count: number) =>
      limited.as(ann, 'POST', '/v1/contact-discovery', {
        phone_numbers: Array.from({ length: count }, (_, index) => `no number ${index}`),
      });
    for (let asked = 0; asked < limit - 1_000; asked += 1_000) expect((await ask(1_000)).statusCode).toBe(200);
    expect((await ask(999)).statusCode).toBe(200);
    const beyond = await ask(2);
    expect([beyond.statusCode, codeOf(beyond)]).toEqual([429, 'rate_limited']);
    expect(beyond.json().error.retry_after_ms).toBe(windowMs);
    expect(beyond.headers['retry-after']).toBe(String(windowMs / 1_000));
    expect((await ask(1)).statusCode).toBe(200);
    expect((await ask(1)).statusCode).toBe(429);
    expect(codeOf(await limited.as(ann, 'POST', '/v1/contact-discovery', { phone_numbers: [] }))).toBe(
      'invalid_request',
    );
    await limited.close();
  });
});

const laptop = { name: 'Laptop', platform: 'desktop', key_bundle: keyBundle };
const link = (code: string) => api.post('/v1/registrations/link', { code, device: laptop });

describe('links', () => {
  it('add a device, which the first one sees, renames and revokes', async () => {
    const ann = await api.register();
    const made = await api.as(ann, 'POST', '/v1/device-links');
    expect(made.statusCode).toBe(201);
    const { link_id, qr, expires_at_ms } = made.json();
    expect(expires_at_ms - api.nowMs()).toBe(120_000);
    const linked = await link(qr);
    expect(linked.statusCode).toBe(201);
    const laptopTokens: TokenAnswer = linked.json();
    expect(laptopTokens.user_id).toBe(ann.user_id);
    expect((await api.as(ann, 'GET', `/v1/device-links/${link_id}`)).json().device_id).toBe(laptopTokens.device_id);
    const url = `/v1/devices/${laptopTokens.device_id}`;
    const renamed = await api.as(ann, 'PATCH', url, { name: 'Work' });
    expect(renamed.json()).toMatchObject({ device_id: laptopTokens.device_id, name: 'Work', current: false });
    expect((await api.as(laptopTokens, 'GET', url)).json()).toMatchObject({ name: 'Work', current: true });
    expect((await api.as(ann, 'DELETE', url)).statusCode).toBe(204);
    expect(codeOf(await api.as(laptopTokens, 'GET', '/v1/me'))).toBe('device_revoked');
    expect(codeOf(await api.post('/v1/tokens/refresh', { refresh_token: laptopTokens.refresh_token }))).toBe(
      'device_revoked',
    );
    expect(codeOf(await api.as(ann, 'PATCH', url, { name: 'Again' }))).toBe('not_found');
  });

  it('are refused in one shape, whatever is tried', async () => {
    const [ann, bob] = [await api.register(), await api.register()];
    const { link_id, code } = (await api.as(ann, 'POST', '/v1/device-links')).json();
    expect(codeOf(await api.as(bob, 'GET', `/v1/device-links/${link_id}`))).toBe('not_found');
    expect(codeOf(await api.as(bob, 'PATCH', `/v1/devices/${ann.device_id}`, { name: 'Mine' }))).toBe('not_found');
    for (const wrong of ['0'.repeat(16), 'parley:link:0000000000000000', '👩‍👩‍👧'.repeat(4)]) {
      expect(codeOf(await link(wrong)), wrong).toBe('invalid_code');
    }
    for (const wrong of ['', 'x'.repeat(61)]) expect(codeOf(await link(wrong))).toBe('invalid_request');
    await link(code);
    const again = await link(code);
    expect([again.statusCode, codeOf(again)]).toEqual([401, 'invalid_code']);
  });

  it('are few an hour, and tried few times by a network', async () => {
    const limited = makeApi(database, { limited: true });
    const ann = await limited.register();
    const make = () => limited.as(ann, 'POST', '/v1/device-links');
    for (let i = 0; i < limitTable.linksPerUser.limit; i++) expect((await make()).statusCode).toBe(201);
    expect((await make()).statusCode).toBe(429);
    const attempt = () => limited.post('/v1/registrations/link', { code: '0'.repeat(16), device: laptop });
    for (let i = 0; i < limitTable.linksPerNetwork.limit; i++) expect((await attempt()).statusCode).toBe(401);
    expect((await attempt()).statusCode).toBe(429);
    await limited.close();
  });
});

describe('the end of an account', () => {
  it('takes a code that went to its own number, and leaves nothing but that it was', async () => {
    const phoneNumber = newNumber();
    const [ann, bob] = [await api.register(phoneNumber), await api.register()];
    await api.as(bob, 'PUT', `/v1/contacts/${ann.user_id}`, { label: 'Ann' });
    const started = await api.as(ann, 'POST', '/v1/me/deletion');
    expect(started.statusCode).toBe(202);
    const { dev_code } = started.json();
    const wrong = dev_code === '000000' ? '000001' : '000000';
    expect(codeOf(await api.as(ann, 'POST', '/v1/me/deletion/confirm', { code: wrong }))).toBe('invalid_code');
    expect(codeOf(await api.as(bob, 'POST', '/v1/me/deletion/confirm', { code: dev_code }))).toBe('invalid_code');
    expect((await api.as(ann, 'POST', '/v1/me/deletion/confirm', { code: dev_code })).statusCode).toBe(204);
    expect(codeOf(await api.as(ann, 'GET', '/v1/me'))).toBe('device_revoked');
    expect((await api.as(bob, 'GET', `/v1/users/${ann.user_id}/profile`)).json()).toEqual({
      ...{ user_id: ann.user_id, display_name: '', about: null, picture_url: null, deleted: true },
      updated_at_ms: api.nowMs(),
    });
    expect((await api.as(bob, 'GET', '/v1/contacts')).json().contacts).toEqual([]);
    const again = await api.register(phoneNumber, phoneDevice);
    expect(again.user_id).not.toBe(ann.user_id);
  });

  it('counts its codes with those of registrations', async () => {
    const limited = makeApi(database, { limited: true });
    const ann = await limited.register();
    const start = () => limited.as(ann, 'POST', '/v1/me/deletion');
    for (let i = 1; i < limitTable.codesPerNumber.limit; i++) expect((await start()).statusCode).toBe(202);
    expect((await start()).statusCode).toBe(429);
    await limited.close();
  });
});

it('nothing of what people say of themselves or of each other is logged', async () => {
  const marks = ['Marked About', 'Marked Label', 'https://example.org/marked.png', 'Marked Laptop', 'Marked Search'];
  const number = newNumber();
  const [ann, bob] = [await api.register(number), await api.register()];
  await api.as(ann, 'PATCH', '/v1/me', { about: marks[0], picture_url: marks[2] });
  await api.as(ann, 'PUT', `/v1/contacts/${bob.user_id}`, { label: marks[1] });
  await api.as(ann, 'GET', `/v1/contacts?search=${encodeURIComponent(marks[4]!)}`);
  await api.as(ann, 'POST', '/v1/contact-discovery', { phone_numbers: [number] });
  const { code } = (await api.as(ann, 'POST', '/v1/device-links')).json();
  await api.post('/v1/registrations/link', { code, device: { ...laptop, name: marks[3] } });
  await api.as(ann, 'POST', '/v1/me/deletion/confirm', { code: '000000' });
  const log = api.log.join('\n');
  expect(log).toContain('/v1/contact-discovery');
  for (const secret of [...marks, number, number.slice(1), code, code.replaceAll('-', '')]) {
    expect(log.includes(secret), secret).toBe(false);
  }
});
