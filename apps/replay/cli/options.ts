/** Options that several commands have, and reading them. */
import { type Generation, isGeneration } from '@parley/projections/generations/pointer';
import { InvalidArgumentError, Option } from 'commander';
import type { CommandInput } from './command.ts';

function positiveWhole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

function generationName(text: string): Generation {
  if (!isGeneration(text)) throw new InvalidArgumentError('A generation is called g1, g2, …');
  return text;
}

export const generationOption = (meaning: string): Option =>
  new Option('--generation <name>', meaning).argParser(generationName);

export const wholeOption = (flags: string, meaning: string, byDefault?: number): Option => {
  const option = new Option(flags, meaning).argParser(positiveWhole);
  return byDefault === undefined ? option : option.default(byDefault);
};

export const rateOption = (): Option =>
  wholeOption('--max-records-per-s <number>', 'reads no faster than so many records a second');
export const inFlightOption = (): Option =>
  wholeOption('--max-in-flight <number>', 'requests to the store that are on their way at once', 128);

export function numberOf({ options }: CommandInput, name: string): number | null {
  const value = options[name];
  return typeof value === 'number' ? value : null;
}

export function generationOf({ options }: CommandInput): Generation | null {
  const value = options['generation'];
  return typeof value === 'string' ? value : null;
}
