/** Entry of the generator's process: options in its first argument, results over IPC. */
import { type GeneratorMessage, type GeneratorOptions, generate } from './generator.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as GeneratorOptions;
const tell = (message: GeneratorMessage): void => {
  process.send?.(message);
};
generate(options, tell).then(
  () => process.disconnect?.(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
