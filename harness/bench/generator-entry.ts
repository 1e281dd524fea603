/** The other end of generator-process.ts: options in the first argument, results over IPC. */
import type { GeneratorMessage } from './generator-process.ts';

export function runAsGenerator<O, R = unknown>(
  generate: (options: O, tell: (message: GeneratorMessage<R>) => void) => Promise<void>,
): void {
  const tell = (message: GeneratorMessage<R>): void => {
    process.send?.(message);
  };
  process.on('disconnect', () => process.exit(1)); // Nobody is there to be told.
  generate(JSON.parse(process.argv[2] ?? '{}') as O, tell).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
