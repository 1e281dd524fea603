/** What `npm test` is made of: suites that say what they need and count what passed. */

export interface SuiteResult {
  passed: number;
  failed: number;
  /** What else is worth a word, such as skipped tests. */
  note?: string;
}

/** Something that not every machine has. One object is shared by all suites that need the same thing. */
export interface Need {
  /** What is missing and what would provide it; null when `provide` can be called. */
  missing(): Promise<string | null>;
  /** Puts it in place; resolves with the settings by which programs find it. */
  provide(): Promise<Record<string, string>>;
  /** Takes away what `provide` put in place; also called when that failed half way. */
  release(): Promise<void>;
}

export interface Surroundings {
  /** Settings of all needs of the suite, on top of our own environment. */
  env: Record<string, string>;
  /** Aborted when the suite's time is over or the whole run is interrupted. */
  signal: AbortSignal;
}

export interface Suite {
  name: string;
  needs: readonly Need[];
  /** A suite that takes longer hangs: it is ended and counted as failed. */
  limitMs: number;
  run(surroundings: Surroundings): Promise<SuiteResult>;
}
