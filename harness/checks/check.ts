/** What a check is: a question to a history, and what a person would suffer if the answer were not empty. */
import type { History } from './history.ts';

export interface Check {
  readonly name: string;
  /** One sentence: what a failure means to a user. */
  readonly means: string;
  /** Of design section 8. */
  readonly invariants: readonly number[];
  /** Every violation, described; empty if the history is as it should be. */
  find(history: History): string[];
}
