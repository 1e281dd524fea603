/** Counters of the way to gateways; links and routers of one process share those of one registry. */
import { Counter, type CounterConfiguration, Gauge, type Registry } from 'prom-client';

/** The counter of that name in the registry, made if it is the first to ask. */
export function counterIn<L extends string = never>(
  registry: Registry,
  config: Pick<CounterConfiguration<L>, 'name' | 'help' | 'labelNames'>,
): Counter<L> {
  const existing = registry.getSingleMetric(config.name);
  return existing instanceof Counter ? existing : new Counter<L>({ ...config, registers: [registry] });
}

export class LinkMetrics {
  readonly unreached: Counter<'reason'>;
  readonly circuitsOpened: Counter;
  readonly gateways: Gauge;

  constructor(registry: Registry) {
    this.unreached = counterIn(registry, {
      name: 'parley_link_unreached_total',
      help: 'Targets given up by the link, by reason',
      labelNames: ['reason'],
    });
    this.circuitsOpened = counterIn(registry, {
      name: 'parley_link_circuits_opened_total',
      help: 'Times that a gateway stopped answering',
    });
    const existing = registry.getSingleMetric('parley_link_gateways');
    this.gateways =
      existing instanceof Gauge
        ? existing
        : new Gauge({ name: 'parley_link_gateways', help: 'Gateways with a stream', registers: [registry] });
  }
}
