/** Everything that processes write for people who run them: log lines of every level, and metrics. */
import { Registry } from 'prom-client';
import type { RecordedUtterance } from '../checks/history.ts';

/** Before what nobody but its recipients may read, so that it is found wherever it turns up. */
export const markers = {
  body: 'body:',
  preview: 'preview:',
  title: 'title:',
  accessToken: 'access-token:',
  pushToken: 'push-token:',
} as const;

export class Utterances {
  readonly #lines = new Map<string, string>();
  readonly #registries: Registry[] = [];

  logged(who: string, line: string): void {
    if (!this.#lines.has(line)) this.#lines.set(line, who);
  }

  newRegistry(): Registry {
    const registry = new Registry();
    this.#registries.push(registry);
    return registry;
  }

  /** Of every process that there was, dead ones included. */
  async sumOf(counter: string): Promise<number> {
    let sum = 0;
    for (const registry of this.#registries) {
      const metric = await registry.getSingleMetric(counter)?.get();
      for (const { value } of metric?.values ?? []) sum += value;
    }
    return sum;
  }

  async all(): Promise<RecordedUtterance[]> {
    const lines = [...this.#lines].map(([text, who]) => ({ where: `a log line of ${who}`, text }));
    const metrics = await Promise.all(this.#registries.map((registry) => registry.metrics()));
    return [...lines, ...metrics.map((text) => ({ where: 'a metric', text }))];
  }
}
