/** A schema registry that speaks Confluent's API: Apicurio, with its data in an H2 file that survives a kill. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, installOnce } from './install-once.ts';
import { copyArtifact } from './maven.ts';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { run } from './processes.ts';
import { java17, provide } from './system-packages.ts';

const version = '3.0.9'; // 3.3 needs Java 21.

export interface RegistryPorts {
  http: number;
  management: number;
}

export class RegistryService extends NativeDaemon {
  readonly name = 'registry';
  /** It waits 5 s for its own database, which on a busy machine is not always enough. */
  protected override startAttempts = 3;
  readonly address: string;
  private readonly ports: RegistryPorts;
  private readonly home = join(cacheFolder(), `apicurio-registry-${version}`);

  constructor(folder: string, ports: RegistryPorts) {
    super(folder);
    this.ports = ports;
    this.address = `http://127.0.0.1:${ports.http}/apis/ccompat/v7`;
  }

  async install(): Promise<void> {
    await installOnce(this.home, async (folder) => {
      await copyArtifact(folder, `io.apicurio:apicurio-registry-app:${version}:tar.gz:all`);
      await run('tar', ['xzf', `apicurio-registry-app-${version}-all.tar.gz`], { cwd: folder });
    });
  }

  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.address}/subjects`, { signal: AbortSignal.timeout(2_000) });
      return response.ok;
    } catch {
      return false; // Not answering is the question, not an error.
    }
  }

  protected async prepare(): Promise<Launch> {
    mkdirSync(this.folder, { recursive: true });
    const { http, management } = this.ports;
    return {
      command: await provide(java17),
      args: [
        '-Xms64m',
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dparley.folder=${this.folder}`,
        '-jar',
        this.program(),
      ],
      env: {
        ...process.env,
        QUARKUS_HTTP_HOST: '127.0.0.1',
        QUARKUS_HTTP_PORT: String(http),
        QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
        QUARKUS_MANAGEMENT_PORT: String(management),
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'h2',
        // Without WRITE_DELAY=0 a kill loses the last half second of registrations.
        APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(this.folder, 'h2', 'db')};WRITE_DELAY=0`,
      },
    };
  }

  private program(): string {
    const runner = existsSync(this.home) ? readdirSync(this.home).find((name) => name.endsWith('-runner.jar')) : null;
    return join(this.home, runner ?? 'quarkus-run.jar');
  }

  protected override afterStart(): Promise<void> {
    return setDefaultCompatibility(this.address);
  }
}

/** Apicurio checks nothing by default; Confluent's default is BACKWARD. */
export async function setDefaultCompatibility(registryUrl: string): Promise<void> {
  const response = await fetch(`${registryUrl}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' }),
  });
  if (!response.ok) throw new Error(`the registry did not take its default compatibility: ${response.status}`);
}
