/** Toxiproxy: TCP proxies whose connections can be cut, slowed, narrowed and reset while they are in use. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goFolder, goProgram } from './go-programs.ts';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { go, isProvidable } from './system-packages.ts';

const version = 'v2.5.0';

export interface TcpProxy {
  readonly name: string;
  /** Where clients connect, on this machine. */
  readonly port: number;
  readonly upstreamPort: number;
}

/** As toxiproxy's HTTP API takes it. */
export interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer';
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

export class ToxiproxyService extends NativeDaemon {
  readonly name = 'toxiproxy';
  readonly address: string;
  private readonly port: number;
  private readonly proxies: readonly TcpProxy[];
  private program = '';
  protected override startTimeoutMs = 60_000;

  constructor(folder: string, port: number, proxies: readonly TcpProxy[]) {
    super(folder);
    this.port = port;
    this.proxies = proxies;
    this.address = `http://127.0.0.1:${port}`;
  }

  async install(): Promise<void> {
    this.program = await installToxiproxy();
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.address}/version`, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false; // Not answering is the question, not an error.
    }
  }

  protected async prepare(): Promise<Launch> {
    mkdirSync(this.folder, { recursive: true });
    const config = join(this.folder, 'proxies.json');
    const proxies = this.proxies.map(({ name, port, upstreamPort }) => {
      return { name, listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstreamPort}`, enabled: true };
    });
    writeFileSync(config, JSON.stringify(proxies));
    return {
      command: this.program,
      args: ['-host', '127.0.0.1', '-port', String(this.port), '-config', config],
      env: { ...process.env, LOG_LEVEL: 'error' },
    };
  }

  /** A disabled proxy ends its connections and refuses new ones. */
  async enable(proxy: string, enabled: boolean): Promise<void> {
    await this.call('POST', `/proxies/${encodeURIComponent(proxy)}`, { enabled });
  }

  async poison(proxy: string, toxic: Toxic): Promise<void> {
    const name = `${toxic.type}_${toxic.stream}`;
    await this.call('POST', `/proxies/${encodeURIComponent(proxy)}/toxics`, { name, toxicity: 1, ...toxic });
  }

  async cure(proxy: string, { type, stream }: Toxic): Promise<void> {
    await this.call('DELETE', `/proxies/${encodeURIComponent(proxy)}/toxics/${type}_${stream}`);
  }

  private async call(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`toxiproxy: ${method} ${path} answers ${response.status}`);
    await response.arrayBuffer();
  }
}

/** Builds it where it is missing; resolves to the program. */
export async function installToxiproxy(): Promise<string> {
  return join(await goProgram('toxiproxy', 'github.com/Shopify/toxiproxy/v2', 'cmd/server', version), 'server');
}

/** What keeps it from being had on this machine; null when nothing does. */
export async function missingForToxiproxy(): Promise<string | null> {
  if (existsSync(goFolder('toxiproxy', version)) || (await isProvidable(go))) return null;
  return 'Go is missing: toxiproxy is built from its module. Install Go, or run as root where apt-get exists.';
}
