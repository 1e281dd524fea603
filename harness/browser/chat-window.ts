/** One user's browser window in a test: the page that chats, driven from outside. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BrowserUnderTest, OpenPage } from '@parley/sdk/page.fixture';
import { transform } from 'esbuild';
import { until } from '../services/until.ts';
import type { Standalone } from '../world/standalone.ts';
import type { Chat, Seen } from './chat-page.ts';

/** The script of the page; it takes the SDK from the bundle that is served beside it. */
export async function chatScript(): Promise<string> {
  const source = await readFile(fileURLToPath(new URL('./chat-page.ts', import.meta.url)), 'utf8');
  const { code } = await transform(source, { loader: 'ts', format: 'esm' });
  return code.replace('"@parley/sdk/browser"', '"/parley.browser.js"');
}

type Scope = { readonly chat: Chat };

export class ChatWindow {
  readonly #open: OpenPage;
  readonly #home: string;
  readonly #server: Standalone;
  userId = '';

  private constructor(open: OpenPage, server: Standalone) {
    this.#open = open;
    this.#home = open.page.url();
    this.#server = server;
  }

  static async register(
    browser: BrowserUnderTest,
    server: Standalone,
    phone: string,
    name: string,
  ): Promise<ChatWindow> {
    const window = new ChatWindow(await browser.open(), server);
    await window.#loaded();
    window.userId = await window.#page.evaluate(
      ([api, number, who]) => (globalThis as unknown as Scope).chat.register(api, number, who),
      [server.apiUrl, phone, name] as const,
    );
    return window;
  }

  get #page() {
    return this.#open.page;
  }

  /** What went wrong in the window so far. */
  get errors(): readonly string[] {
    return this.#open.errors;
  }

  async #loaded(): Promise<void> {
    await this.#page.waitForFunction(() => 'chat' in globalThis);
  }

  async connect(): Promise<void> {
    await this.#page.evaluate(([api, gateways]) => (globalThis as unknown as Scope).chat.open(api, gateways), [
      this.#server.apiUrl,
      this.#server.gatewayUrls,
    ] as const);
  }

  /** As the user does: everything that the page had in memory is gone. */
  async reload(): Promise<void> {
    await this.#page.reload();
    await this.#loaded();
  }

  /** Leaves Parley for another page: the connection ends as it does when a tab is closed. */
  async leave(): Promise<void> {
    await this.#page.goto('about:blank');
  }

  async comeBack(): Promise<void> {
    await this.#page.goto(this.#home);
    await this.#loaded();
  }

  send(peerId: string, text: string): Promise<string> {
    return this.#page.evaluate(([peer, what]) => (globalThis as unknown as Scope).chat.send(peer, what), [
      peerId,
      text,
    ] as const);
  }

  readAll(): Promise<boolean> {
    return this.#page.evaluate(() => (globalThis as unknown as Scope).chat.readAll());
  }

  pending(): Promise<number> {
    return this.#page.evaluate(() => (globalThis as unknown as Scope).chat.pending());
  }

  seen(): Promise<Seen> {
    return this.#page.evaluate(() => (globalThis as unknown as Scope).chat.seen);
  }

  async sees(what: string, holds: (seen: Seen) => boolean): Promise<Seen> {
    let last: Seen | null = null;
    const look = async (): Promise<Seen | null> => {
      last = await this.seen();
      return holds(last) ? last : null;
    };
    return until(look, { what, timeoutMs: 40_000 }).catch((error: Error) => {
      throw new Error(`${error.message}; the page saw ${JSON.stringify(last)}, errors: ${this.errors.join(' | ')}`);
    });
  }
}
