/** What the conversation processor counts. */
import { type Counter, Gauge, type Registry } from 'prom-client';
import type { Outcome } from '../conversation/outcome.ts';
import { counterIn } from '../delivery/link-metrics.ts';

export class ConversationMetrics {
  /** 1 for a partition that waits at a directory event which skipped a version. */
  readonly halted: Gauge<'partition'>;
  readonly #outcomes: Counter<'outcome' | 'code'>;
  readonly #lostContents: Counter;

  constructor(registry: Registry) {
    this.#outcomes = counterIn(registry, {
      name: 'parley_conversation_outcomes_total',
      help: 'Events decided, by outcome; refusals by error code',
      labelNames: ['outcome', 'code'],
    });
    this.#lostContents = counterIn(registry, {
      name: 'parley_conversation_contents_lost_total',
      help: 'Messages whose data key was not there though they had not disappeared yet',
    });
    const name = 'parley_conversation_halted';
    const existing = registry.getSingleMetric(name);
    this.halted =
      existing instanceof Gauge
        ? existing
        : new Gauge({
            name,
            help: 'Partitions that wait at a directory event which skipped a version',
            labelNames: ['partition'],
            registers: [registry],
          });
  }

  decided(outcome: Outcome): void {
    if (outcome.kind === 'refused') this.#outcomes.inc({ outcome: 'refused', code: outcome.code });
    else if (outcome.kind === 'ignored') this.#outcomes.inc({ outcome: 'ignored', code: outcome.reason });
    else this.#outcomes.inc({ outcome: outcome.kind, code: '' });
  }

  lost(contents: number): void {
    this.#lostContents.inc(contents);
  }

  halt(partition: number): void {
    this.halted.set({ partition: String(partition) }, 1);
  }

  running(partition: number): void {
    this.halted.set({ partition: String(partition) }, 0);
  }
}
