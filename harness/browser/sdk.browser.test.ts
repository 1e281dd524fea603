/** Two people in two browsers: the SDK's bundle in Chromium against a running Parley, over reloads and a crash of the server. */
import { BrowserUnderTest } from '@parley/sdk/page.fixture';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildAll } from '../world/build.ts';
import { Standalone } from '../world/standalone.ts';
import { ChatWindow, chatScript } from './chat-window.ts';

let browser: BrowserUnderTest;
let server: Standalone;
let alice: ChatWindow;
let bob: ChatWindow;

const start = () => server.start({ PARLEY_API_CORS_ORIGINS: browser.origin });

beforeAll(async () => {
  await buildAll();
  browser = await BrowserUnderTest.start(await chatScript());
  server = await Standalone.create();
  await start();
  alice = await ChatWindow.register(browser, server, '+41790000001', 'Alice');
  bob = await ChatWindow.register(browser, server, '+41790000002', 'Bob');
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
}, 60_000);

/** What a server that is away makes every browser write into its console; scripts cannot prevent it. */
const isOutage = (error: string): boolean =>
  /ERR_CONNECTION_(REFUSED|RESET|CLOSED)|WebSocket connection to/.test(error);

it('two pages exchange messages, and see ✓, ✓✓ and blue ✓✓', async () => {
  await alice.connect();
  await bob.connect();
  await bob.sees('Bob is in sync', (seen) => seen.syncs > 0);
  const hello = await alice.send(bob.userId, 'hello 👋');
  await bob.sees('the message', (seen) => seen.texts.includes('hello 👋'));
  await alice.sees('✓ and ✓✓', (seen) => seen.statuses[hello]?.at(-1) === 'delivered');
  expect(await bob.readAll()).toBe(true);
  const { statuses } = await alice.sees('blue ✓✓', (seen) => seen.statuses[hello]?.at(-1) === 'read');
  expect(statuses[hello]).toEqual(['sent', 'delivered', 'read']);
  await bob.send(alice.userId, 'hello yourself');
  const { texts } = await alice.sees('the answer', (seen) => seen.texts.length >= 2);
  expect(texts).toEqual(['hello 👋', 'hello yourself']);
});

it('rule 13: a page that was reloaded gets what it missed, once and in order, and nothing that it had', async () => {
  await bob.leave();
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) ids.push(await alice.send(bob.userId, text));
  await alice.sees('three verdicts', (seen) => ids.every((id) => seen.verdicts[id] === 'accepted'));
  await bob.comeBack();
  await bob.connect();
  const { texts, seqs } = await bob.sees('three messages', (seen) => seen.texts.length >= 3);
  expect([texts, seqs]).toEqual([
    ['one', 'two', 'three'],
    [3, 4, 5],
  ]);
  await alice.sees('✓✓ of all', (seen) => ids.every((id) => seen.statuses[id]?.includes('delivered')));
});

it('rule 1: messages written while the server is down outlive a reload, and arrive once when it is back', async () => {
  expect([...alice.errors, ...bob.errors]).toEqual([]);
  await server.process.kill();
  for (const text of ['four', 'five']) await alice.send(bob.userId, text);
  await alice.reload();
  await alice.connect();
  expect(await alice.pending()).toBe(2);
  await alice.send(bob.userId, 'six');
  await start();
  await alice.sees('its own messages in their places', (seen) => seen.texts.length >= 3);
  const { texts, seqs } = await bob.sees('all that was written', (seen) => seen.texts.length >= 6);
  expect(texts.slice(3)).toEqual(['four', 'five', 'six']);
  expect(seqs).toEqual([3, 4, 5, 6, 7, 8]);
  expect(await alice.pending()).toBe(0);
  await bob.sees('a sync after the outage', (seen) => seen.syncs > 1);
  const problems = await Promise.all([alice.seen(), bob.seen()]);
  expect(problems.map(({ ended }) => ended)).toEqual([null, null]);
  expect([...alice.errors, ...bob.errors].filter((error) => !isOutage(error))).toEqual([]);
});
