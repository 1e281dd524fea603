/** Entry of the process of a large group. */
import { runAsGenerator } from './generator-entry.ts';
import { type GroupGeneratorOptions, generateGroup } from './group-generator.ts';

runAsGenerator<GroupGeneratorOptions>(generateGroup);
