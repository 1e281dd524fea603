/** Entry of the generator's process: options in its first argument, results over IPC. */
import { type GeneratorMessage, type GeneratorOptions, generate } from './generator.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as GeneratorOptions;
const tell = (message: GeneratorMessage): void => {
  process.send?.(message);
};
process.on('disconnect', () => process.exit(1)); // Nobody is there to be told.
generate(options, tell).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
