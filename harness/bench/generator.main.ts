/** Entry of the process of pairs. */
import { type GeneratorOptions, generate } from './generator.ts';
import { runAsGenerator } from './generator-entry.ts';

runAsGenerator<GeneratorOptions>(generate);
