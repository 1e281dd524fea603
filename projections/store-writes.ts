/** Counts what projections write, so that the cost of a message can be told: at most 5 mutations for a 1:1 message. */
import { Counter, type Registry } from 'prom-client';

export type StoreTable = 'messages' | 'members' | 'inbox' | 'receipts' | 'fold_states';

const counterName = 'parley_store_writes_total';

export class StoreWrites {
  readonly #counter: Counter<'table'>;

  constructor(registry: Registry) {
    const existing = registry.getSingleMetric(counterName);
    this.#counter =
      existing instanceof Counter
        ? existing
        : new Counter({
            name: counterName,
            help: 'Mutations sent to the projections: writes to one partition of a table, however many rows they carry.',
            labelNames: ['table'],
            registers: [registry],
          });
  }

  add(table: StoreTable, mutations: number): void {
    if (mutations > 0) this.#counter.inc({ table }, mutations);
  }
}
