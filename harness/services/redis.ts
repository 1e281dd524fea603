/** Redis as Parley uses it: no persistence, since sessions and leases mean nothing after a restart. */
import { mkdirSync } from 'node:fs';
import { type Launch, NativeDaemon } from './native-daemon.ts';
import { exchange } from './ports.ts';
import { provide, redisServer } from './system-packages.ts';

export class RedisService extends NativeDaemon {
  readonly name = 'redis';
  readonly address: string;
  private readonly port: number;
  protected override startTimeoutMs = 20_000;

  constructor(folder: string, port: number) {
    super(folder);
    this.port = port;
    this.address = `redis://127.0.0.1:${port}`;
  }

  async install(): Promise<void> {
    await provide(redisServer);
  }

  async isReady(): Promise<boolean> {
    const answer = await exchange(this.port, Buffer.from('PING\r\n'));
    return answer?.toString().startsWith('+PONG') ?? false;
  }

  /** All that it holds is gone at once. */
  async flush(): Promise<void> {
    const answer = await exchange(this.port, Buffer.from('FLUSHALL\r\n'));
    if (answer?.toString().startsWith('+OK') !== true) throw new Error(`redis: FLUSHALL is answered ${answer}`);
  }

  protected async prepare(): Promise<Launch> {
    mkdirSync(this.folder, { recursive: true });
    const settings = {
      port: String(this.port),
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: 'no',
      'set-proc-title': 'no', // The command line names the folder: that is how the process is found again.
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    return { command: await provide(redisServer), args };
  }
}
