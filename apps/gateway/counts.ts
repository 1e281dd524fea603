/**
 * What a gateway counts. Plain numbers on the hot path; every tick they are published to the metrics registry.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

export class GatewayCounts {
  connections = 0;
  admitted = 0;
  refusedUpgrades = 0;
  framesIn = 0;
  framesOut = 0;
  sendsAppended = 0;
  sendsFailed = 0;
  errorsTold = 0;
  liveMessages = 0;
  messagesLeftOut = 0;
  catchUps = 0;
  unreached = 0;
  receiptsAppended = 0;
  receiptsLost = 0;
  pushJobs = 0;
  heartbeatTimeouts = 0;
  sessionsRewritten = 0;
  renewalFailures = 0;
}

const counters: Readonly<Record<Exclude<keyof GatewayCounts, 'connections'>, [name: string, help: string]>> = {
  admitted: ['parley_gateway_admitted_total', 'Connections that were registered'],
  refusedUpgrades: ['parley_gateway_refused_upgrades_total', 'Upgrades that were refused'],
  framesIn: ['parley_gateway_frames_in_total', 'Frames that clients sent'],
  framesOut: ['parley_gateway_frames_out_total', 'Frames sent to clients'],
  sendsAppended: ['parley_gateway_sends_appended_total', 'Sends that the log holds'],
  sendsFailed: ['parley_gateway_sends_failed_total', 'Sends that the log refused or did not acknowledge'],
  errorsTold: ['parley_gateway_errors_total', 'Error frames'],
  liveMessages: ['parley_gateway_live_messages_total', 'Messages sent to devices as they happened'],
  messagesLeftOut: ['parley_gateway_messages_left_out_total', 'Messages left to catch-up'],
  catchUps: ['parley_gateway_catch_ups_total', 'Times that a device was switched to catch-up'],
  unreached: ['parley_gateway_unreached_total', 'Targets of deliveries that have no connection here'],
  receiptsAppended: ['parley_gateway_receipts_appended_total', 'Watermarks that the log holds'],
  receiptsLost: ['parley_gateway_receipts_lost_total', 'Watermarks given up after the log refused them'],
  pushJobs: ['parley_gateway_push_jobs_total', 'Push jobs for unacknowledged messages'],
  heartbeatTimeouts: ['parley_gateway_heartbeat_timeouts_total', 'Connections closed because they were silent'],
  sessionsRewritten: ['parley_gateway_sessions_rewritten_total', 'Session entries that were gone or older'],
  renewalFailures: ['parley_gateway_renewal_failures_total', 'Renewals of sessions or leases that failed'],
};

/** The same numbers as metrics, labelled by gateway: several of one process share a registry. */
export class PublishedCounts {
  readonly #counts: GatewayCounts;
  readonly #labels: { readonly gateway: string };
  readonly #connections: Gauge;
  readonly #counters = new Map<keyof typeof counters, Counter>();
  readonly #published = new GatewayCounts();

  constructor(counts: GatewayCounts, registry: Registry, gatewayId: string) {
    this.#counts = counts;
    this.#labels = { gateway: gatewayId };
    const labelled = { labelNames: ['gateway'], registers: [registry] };
    const find = (name: string) => registry.getSingleMetric(name);
    const gauge = { name: 'parley_gateway_connections', help: 'Open connections', ...labelled };
    this.#connections = (find(gauge.name) as Gauge | undefined) ?? new Gauge(gauge);
    for (const key of Object.keys(counters) as (keyof typeof counters)[]) {
      const [name, help] = counters[key];
      this.#counters.set(key, (find(name) as Counter | undefined) ?? new Counter({ name, help, ...labelled }));
    }
  }

  publish(): void {
    this.#connections.set(this.#labels, this.#counts.connections);
    for (const [key, counter] of this.#counters) {
      counter.inc(this.#labels, this.#counts[key] - this.#published[key]);
      this.#published[key] = this.#counts[key];
    }
  }
}
