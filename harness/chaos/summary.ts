/** What a chaos run says of itself: lines for people, one object for programs. */
import type { ChaosOutcome } from './chaos-run.ts';
import type { Verified } from './verified.ts';

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
  readonly verify: Verified | null;
  /** Checks that held (that the log makes the same rows is one), and those that did not; with the violations of each under its name. */
  readonly passed: number;
  readonly failed: number;
}

export function summaryOf(origin: Origin, outcome: ChaosOutcome): ChaosSummary {
  const { counts, faults, by_kind, acknowledged, converge_max_s, longest_wait_s, verify, wrong } = outcome;
  const holds = [...Object.values(counts).map((count) => count === 0), isSame(verify)];
  const held = holds.filter((one) => one).length;
  const failedChecks = holds.length - held;
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
    verify,
    passed: held,
    failed,
    repeat: origin.repeat,
    commit: origin.commit,
  };
}

const isSame = (verify: Verified | null): boolean =>
  verify !== null && verify.rows > 0 && verify.different + verify.moving === 0;

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
