/** Asks a Node process that runs with `--inspect=127.0.0.1:PORT` to collect its garbage, so that what is left is what it holds. */
import WebSocket from 'ws';

interface Target {
  readonly webSocketDebuggerUrl: string;
}

export class Inspector {
  readonly #socket: WebSocket;
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(port: number): Promise<Inspector> {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Target[];
    const socket = new WebSocket(targets[0]!.webSocketDebuggerUrl, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return new Inspector(socket);
  }

  collectGarbage(): Promise<unknown> {
    return this.#call('HeapProfiler.collectGarbage');
  }

  /** Bytes of living objects. */
  async usedHeapBytes(): Promise<number> {
    const { usedSize } = (await this.#call('Runtime.getHeapUsage')) as { usedSize: number };
    return usedSize;
  }

  #call(method: string): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const take = (data: Buffer): void => {
        const answer = JSON.parse(data.toString()) as { id?: number; result?: unknown; error?: unknown };
        if (answer.id !== id) return;
        this.#socket.off('message', take);
        if (answer.error === undefined) resolve(answer.result);
        else reject(new Error(`${method}: ${JSON.stringify(answer.error)}`));
      };
      this.#socket.on('message', take);
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }

  close(): void {
    this.#socket.terminate();
  }
}
