/** What a chaos run says of itself: lines for people, one object for programs. */
import type { ChaosOutcome } from './chaos-run.ts';

export interface Origin {
  readonly profile: string;
  readonly seed: number;
  readonly repeat: string;
  readonly commit: string;
}

export interface ChaosSummary extends Origin {
  readonly faults: number;
  readonly by_kind: Readonly<Record<string, number>>;
  readonly acknowledged: number;
  readonly converge_max_s: number | null;
  readonly longest_wait_s: number;
  /** Checks that held, and those that did not; with the violations of each under its name. */
  readonly passed: number;
  readonly failed: number;
}

export function summaryOf(origin: Origin, outcome: ChaosOutcome): ChaosSummary {
  const { counts, faults, by_kind, acknowledged, converge_max_s, longest_wait_s, wrong } = outcome;
  const held = Object.values(counts).filter((count) => count === 0).length;
  const failedChecks = Object.values(counts).length - held;
  const failed = wrong.length > 0 ? Math.max(1, failedChecks) : failedChecks;
  return {
    profile: origin.profile,
    seed: origin.seed,
    faults,
    by_kind,
    acknowledged,
    ...counts,
    converge_max_s,
    longest_wait_s,
    passed: held,
    failed,
    repeat: origin.repeat,
    commit: origin.commit,
  };
}

export function linesOf(summary: ChaosSummary, { counts, wrong }: ChaosOutcome): string[] {
  const { faults, acknowledged, converge_max_s, longest_wait_s, failed, repeat, by_kind } = summary;
  const kinds = Object.entries(by_kind).map(([kind, count]) => `${kind} ${count}`);
  const checked = Object.entries(counts).map(([check, count]) => `${check} ${count}`);
  return [
    ...wrong.map((line) => `  ${line.slice(0, 600)}`),
    `${faults} faults: ${kinds.join(', ')}`,
    `${acknowledged} messages acknowledged; ${checked.join(', ')}; longest wait for a verdict ${longest_wait_s} s`,
    `${failed === 0 ? 'ok' : 'FAILED'}, converged in ${converge_max_s === null ? 'NEVER' : `at most ${converge_max_s} s`}. Again: ${repeat}`,
  ];
}
