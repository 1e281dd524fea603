/** Does the faults of a round to a stage, each at its time and for its length, and says what is harmed at the moment. */
import { setTimeout as delay } from 'node:timers/promises';
import { keyOf, type PlannedFault } from './plan.ts';
import type { ChaosStage } from './stage.ts';

export class Director {
  readonly #stage: ChaosStage;
  readonly #tell: (line: string) => void;
  readonly #harmed = new Map<number, string>();
  /** A target that is not back yet when its next fault is due has that one later. */
  readonly #busy = new Map<string, Promise<void>>();
  /** What could not be done or undone: a defect of the harness or of a service. */
  readonly failures: string[] = [];
  readonly counts: Record<string, number> = {};

  constructor(stage: ChaosStage, tell: (line: string) => void) {
    this.#stage = stage;
    this.#tell = tell;
  }

  /** Resolves once all is repaired. */
  async play(faults: readonly PlannedFault[]): Promise<void> {
    await Promise.all(faults.map((fault) => this.#play(fault)));
  }

  async #play(fault: PlannedFault): Promise<void> {
    await delay(fault.startMs);
    const key = keyOf(fault);
    const before = this.#busy.get(key) ?? Promise.resolve();
    const done = before.then(() => this.#inflict(fault));
    this.#busy.set(key, done);
    await done;
  }

  async #inflict(fault: PlannedFault): Promise<void> {
    const what = `${fault.kind} ${fault.target}`;
    try {
      const repair = await this.#stage.harm(fault);
      this.counts[fault.kind] = (this.counts[fault.kind] ?? 0) + 1;
      this.#harmed.set(fault.number, what);
      this.#say(fault, `${what}${describeDetail(fault)} for ${(fault.durationMs / 1_000).toFixed(1)} s`);
      await delay(fault.durationMs);
      await repair();
      this.#harmed.delete(fault.number);
      this.#say(fault, `${what}: repaired`);
    } catch (error) {
      this.#harmed.delete(fault.number);
      this.failures.push(`fault ${fault.number}, ${what}: ${error instanceof Error ? error.message : String(error)}`);
      this.#say(fault, `${what}: FAILED ${String(error).slice(0, 300)}`);
    }
  }

  #say({ number }: PlannedFault, what: string): void {
    const harmed = [...this.#harmed.values(), ...this.#stage.missing.map((name) => `${name} not up`)];
    this.#tell(`#${number} ${what}${harmed.length === 0 ? '' : `   [now: ${harmed.join(', ')}]`}`);
  }
}

function describeDetail({ detail }: PlannedFault): string {
  const parts = Object.entries(detail).map(([name, value]) => `${name} ${value}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
