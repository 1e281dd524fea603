/**
 * What a chaos run ends with: the projections are derived from the log again, and compared with those that went through the faults, row
 * by row (invariant 5). By the commands of an operator, on the running cell.
 */
import type { ReplayAnswer, ReplayCommand } from '../generations/replay-command.ts';

export interface Verified {
  /** Compared, of both generations together. */
  readonly rows: number;
  readonly different: number;
  /** Rows that changed whenever they were looked at: nothing is proven of them. */
  readonly moving: number;
}

export interface Verdict {
  /** Null where it came to no comparison. */
  readonly verify: Verified | null;
  /** In sentences; empty if the two are the same. */
  readonly wrong: readonly string[];
}

const shadow = 'g2';
const shownDifferences = 5;

export async function verifyAgainstLog(replay: ReplayCommand): Promise<Verdict> {
  try {
    const rebuilt = await replay('rebuild', '--generation', shadow);
    if (rebuilt.exitCode !== 0) return { verify: null, wrong: [`the rebuild ended with ${told(rebuilt)}`] };
    return verdictOf(await replay('verify', '--generation', shadow));
  } catch (error) {
    return { verify: null, wrong: [`nothing was verified: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

function verdictOf(answer: ReplayAnswer): Verdict {
  const { rows, different, moving, differences } = answer.summary;
  if (![rows, different, moving].every(Number.isInteger))
    return { verify: null, wrong: [`verify ended with ${told(answer)}`] };
  const verify = { rows: Number(rows), different: Number(different), moving: Number(moving) };
  const wrong: string[] = [];
  if (verify.different > 0)
    wrong.push(
      `${verify.different} rows are not what the log makes of them (invariant 5)`,
      ...[differences]
        .flat()
        .slice(0, shownDifferences)
        .map((one) => `  ${JSON.stringify(one)}`),
    );
  if (verify.moving > 0) wrong.push(`${verify.moving} rows went on changing although everybody was silent`);
  if (verify.rows === 0) wrong.push('verify compared no rows');
  if (wrong.length === 0 && answer.exitCode !== 0) wrong.push(`verify ended with ${told(answer)}`);
  return { verify, wrong };
}

const told = ({ exitCode, summary }: ReplayAnswer): string =>
  `exit code ${exitCode}: ${JSON.stringify(summary).slice(0, 500)}`;
