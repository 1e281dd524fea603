/** A page in a real browser with the SDK's bundle in it, under a Content-Security-Policy as strict as a messenger's. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const sdkFolder = fileURLToPath(new URL('.', import.meta.url));
const bundlePath = `${sdkFolder}dist/parley.browser.js`;

/** No inline script, no eval, no foreign code; connections to this machine. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; img-src 'self'; connect-src http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'";

const html = `<!doctype html><meta charset="utf-8"><title>Parley</title>
<script type="module" src="/page.js"></script>`;

/** Puts the SDK where a test can reach it. */
const plainScript = "import * as parley from '/parley.browser.js'; globalThis.parley = parley;";

export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page: errors on its console, and those that nobody caught. */
  readonly errors: string[];
}

export class BrowserUnderTest {
  readonly origin: string;
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(origin: string, browser: Browser, server: Server) {
    this.origin = origin;
    this.#browser = browser;
    this.#server = server;
  }

  /** Bundles the SDK, serves it with the page's script, and starts Chromium. */
  static async start(script: string = plainScript): Promise<BrowserUnderTest> {
    const executablePath = process.env['PARLEY_CHROMIUM'];
    if (executablePath === undefined) throw new Error('PARLEY_CHROMIUM must be the path of a Chromium');
    await promisify(execFile)('npm', ['run', '--silent', 'bundle'], { cwd: sdkFolder });
    const server = await serve({
      '/': html,
      '/favicon.ico': '', // Asked for by every browser.
      '/page.js': script,
      '/parley.browser.js': await readFile(bundlePath),
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // Chromium's sandbox refuses to run as root, which is what containers run as.
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    return new BrowserUnderTest(origin, browser, server);
  }

  /** A page of a new user of the browser: nothing is shared with other pages. */
  async open(): Promise<OpenPage> {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(`${this.origin}/`);
    return { page, context, errors };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function serve(files: Readonly<Record<string, string | Buffer>>): Promise<Server> {
  const server = createServer((request, response) => {
    const content = files[request.url ?? ''];
    const type = request.url === '/' ? 'text/html' : 'text/javascript';
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': contentSecurityPolicy,
    });
    response.end(content);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
