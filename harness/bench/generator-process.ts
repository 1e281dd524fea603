/** Runs a load generator in a process of its own, on a core of its own where asked: options in its first argument, the rest over IPC. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Told when sending begins and ends, so that the parent reads the server's counters for the measured part alone. */
export type GeneratorMessage<R> =
  | { readonly phase: 'measuring' }
  | { readonly phase: 'sent' }
  | { readonly phase: 'done'; readonly result: R };

export interface GeneratorProgram {
  /** Of this folder. */
  readonly program: string;
  readonly options: object;
  /** The core that it is bound to. */
  readonly cpu: number | null;
}

/** Resolves to what the generator saw; its process has ended, whatever happens. */
export async function runGenerator<R>(
  { program, options, cpu }: GeneratorProgram,
  onPhase: (phase: 'measuring' | 'sent') => Promise<void>,
): Promise<R> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const nodeArguments = ['--conditions=parley-source', '--import', 'tsx'];
  const child = fork(path, [JSON.stringify(options)], {
    ...(cpu === null
      ? { execArgv: nodeArguments }
      : { execPath: 'taskset', execArgv: ['-c', String(cpu), process.execPath, ...nodeArguments] }),
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return await new Promise<R>((resolve, reject) => {
      child.on('message', (message: GeneratorMessage<R>) => {
        if (message.phase === 'done') resolve(message.result);
        else onPhase(message.phase).catch(reject);
      });
      child.on('error', reject);
      child.on('exit', (code) => reject(new Error(`the generator ended with ${code}`)));
    });
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
}
