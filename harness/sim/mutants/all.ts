/** All deliberate defects. Each must be noticed by some seed; one that is not shows that a check is missing. */
import { decidingMutants } from './deciding-mutants.ts';
import { deliveringMutants } from './delivering-mutants.ts';
import { directoryMutants } from './directory-mutants.ts';
import { ephemeraMutants } from './ephemera-mutants.ts';
import { foundMutants } from './found-mutants.ts';
import { keepingMutants } from './keeping-mutants.ts';
import { keyMutants } from './key-mutants.ts';
import { markMutants } from './mark-mutants.ts';
import type { Mutant } from './mutant.ts';
import { reachingMutants } from './reaching-mutants.ts';
import { receiptMutants } from './receipt-mutants.ts';
import { sendingMutants } from './sending-mutants.ts';
import { storingMutants } from './storing-mutants.ts';
import { timerMutants } from './timer-mutants.ts';

export const mutants: readonly Mutant[] = [
  ...sendingMutants,
  ...decidingMutants,
  ...directoryMutants,
  ...storingMutants,
  ...keepingMutants,
  ...deliveringMutants,
  ...reachingMutants,
  ...receiptMutants,
  ...markMutants,
  ...ephemeraMutants,
  ...keyMutants,
  ...timerMutants,
  ...foundMutants,
];
