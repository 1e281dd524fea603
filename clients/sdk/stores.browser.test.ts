import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserUnderTest, type OpenPage } from './page.fixture.ts';
import type { BrowserStores } from './stores.browser.ts';
import { entry, type StoresUnderTest, storesContract } from './stores.contract.ts';
import { type Cursor, copyOf, type OutboxEntry } from './stores.ts';

/** What the page's script put into its global scope. */
interface PageScope {
  readonly parley: { openBrowserStores(name: string): Promise<BrowserStores> };
  stores: BrowserStores;
}

let browser: BrowserUnderTest;
beforeAll(async () => {
  browser = await BrowserUnderTest.start();
}, 60_000);
afterAll(() => browser.close());

/** The stores of the page, whose calls go there and back. */
function storesOf({ page }: OpenPage): StoresUnderTest {
  return {
    cursors: {
      load: () => page.evaluate(() => (globalThis as unknown as PageScope).stores.cursors.load()),
      save: (cursors) =>
        page.evaluate((given) => (globalThis as unknown as PageScope).stores.cursors.save(given), cursors as Cursor[]),
    },
    outbox: {
      load: () => page.evaluate(() => (globalThis as unknown as PageScope).stores.outbox.load()),
      put: (one) =>
        page.evaluate((given) => (globalThis as unknown as PageScope).stores.outbox.put(given), copyOf(one)),
      replace: (id, one) => {
        const given: [string, OutboxEntry] = [id, copyOf(one)];
        return page.evaluate(([old, by]) => (globalThis as unknown as PageScope).stores.outbox.replace(old, by), given);
      },
      remove: (id) => page.evaluate((given) => (globalThis as unknown as PageScope).stores.outbox.remove(given), id),
    },
    tokens: {
      load: () => page.evaluate(() => (globalThis as unknown as PageScope).stores.tokens.load()),
      save: (one) => page.evaluate((given) => (globalThis as unknown as PageScope).stores.tokens.save(given), one),
    },
  };
}

async function openStores(open: OpenPage): Promise<StoresUnderTest> {
  await open.page.waitForFunction(() => 'parley' in globalThis);
  await open.page.evaluate(async () => {
    const scope = globalThis as unknown as PageScope;
    scope.stores = await scope.parley.openBrowserStores('test');
  });
  return storesOf(open);
}

storesContract('IndexedDB in Chromium', () => {
  let open: OpenPage;
  return {
    open: async () => {
      open = await browser.open();
      return openStores(open);
    },
    restart: async () => {
      await open.page.reload();
      return openStores(open);
    },
    close: async () => {
      await open.context.close();
      expect(open.errors).toEqual([]);
    },
  };
});

describe('stores in IndexedDB', () => {
  it('say so when an entry cannot be kept, and keep none of it', async () => {
    const open = await browser.open();
    const stores = await openStores(open);
    await stores.outbox.put(entry('a'));
    const refused = await open.page.evaluate(async (given) => {
      const { outbox } = (globalThis as unknown as PageScope).stores;
      const message = { ...given.message, preview: (() => undefined) as unknown as string };
      return outbox.replace('a', { ...given, message }).then(
        () => 'kept',
        (error: Error) => error.name,
      );
    }, entry('b'));
    expect(refused).toBe('DataCloneError');
    expect((await stores.outbox.load()).map(({ messageId }) => messageId)).toEqual(['a']);
    await open.context.close();
  });
});
