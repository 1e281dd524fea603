/** What a relay tells those who run it: above all how long the log has not been told of a change. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export class RelayMetrics {
  readonly sent: Counter;
  readonly refused: Counter;
  readonly seconds: Histogram;
  readonly unsent: Gauge;
  readonly oldestSeconds: Gauge;

  constructor(metrics: Registry) {
    const registers = [metrics];
    this.sent = new Counter({
      name: 'parley_outbox_sent_total',
      help: 'directory events that the log acknowledged to this relay',
      registers,
    });
    this.refused = new Counter({
      name: 'parley_outbox_refused_total',
      help: 'directory events that the log refused or did not acknowledge in time; each is sent again',
      registers,
    });
    this.seconds = new Histogram({
      name: 'parley_outbox_seconds',
      help: 'time from the commit of a directory change to its acknowledgement by the log',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600],
      registers,
    });
    this.unsent = new Gauge({
      name: 'parley_outbox_unsent',
      help: 'directory events that the log was not told of, counted up to the limit at which changes are refused',
      registers,
    });
    this.oldestSeconds = new Gauge({
      name: 'parley_outbox_oldest_unsent_seconds',
      help: 'age of the oldest directory event that the log was not told of; 0 where there is none',
      registers,
    });
  }
}
