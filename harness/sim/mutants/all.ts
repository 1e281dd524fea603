/** All deliberate defects. Each must be noticed by some seed; one that is not shows that a check is missing. */
import { deliveringMutants } from './delivering-mutants.ts';
import { foundMutants } from './found-mutants.ts';
import type { Mutant } from './mutant.ts';
import { sendingMutants } from './sending-mutants.ts';
import { storingMutants } from './storing-mutants.ts';

export const mutants: readonly Mutant[] = [...sendingMutants, ...storingMutants, ...deliveringMutants, ...foundMutants];
