/** The proxied links of a stage, and what can be done to them: each link is one or more proxies. */
import type { Toxic, ToxiproxyService } from '../services/toxiproxy.ts';
import type { PlannedFault } from './plan.ts';
import type { Repair } from './stage.ts';

type Stream = Toxic['stream'];

export class Links {
  readonly #proxies: ToxiproxyService;
  /** Names of proxies: `user>service`. */
  readonly #names: readonly string[];

  constructor(proxies: ToxiproxyService, names: readonly string[]) {
    this.#proxies = proxies;
    this.#names = names;
  }

  async harm(fault: PlannedFault): Promise<Repair> {
    const names = this.#of(fault.target);
    if (fault.action === 'cut' && fault.detail['how'] === 'refused') {
      await this.#enable(names, false);
      return () => this.#enable(names, true);
    }
    const toxics = toxicsOf(fault);
    const all = names.flatMap((name) => toxics.map((toxic) => ({ name, toxic })));
    await Promise.all(all.map(({ name, toxic }) => this.#proxies.poison(name, toxic)));
    return async () => {
      await Promise.all(all.map(({ name, toxic }) => this.#proxies.cure(name, toxic)));
    };
  }

  async #enable(names: readonly string[], enabled: boolean): Promise<void> {
    await Promise.all(names.map((name) => this.#proxies.enable(name, enabled)));
  }

  /** Everybody's link to a service, or one. */
  #of(target: string): string[] {
    const names = this.#names.filter(
      (name) => name === target || name.endsWith(`>${target}`) || name.startsWith(`${target}>`),
    );
    if (names.length === 0) throw new Error(`no link ${target}`);
    return names;
  }
}

function toxicsOf({ action, detail }: PlannedFault): Toxic[] {
  const number = (name: string): number => Number(detail[name]);
  switch (action) {
    case 'cut':
      return both(detail['stream'], { type: 'timeout', attributes: { timeout: 0 } });
    case 'delay':
      return both(detail['stream'], {
        type: 'latency',
        attributes: { latency: number('latencyMs'), jitter: number('jitterMs') },
      });
    case 'bandwidth':
      return both(detail['stream'], { type: 'bandwidth', attributes: { rate: number('kilobytesPerSecond') } });
    case 'reset':
      return both('upstream', { type: 'reset_peer', attributes: { timeout: number('afterMs') } });
    default:
      throw new Error(`${action} is not done to a link`);
  }
}

function both(stream: number | string | undefined, toxic: Omit<Toxic, 'stream'>): Toxic[] {
  const streams: Stream[] = stream === 'upstream' || stream === 'downstream' ? [stream] : ['upstream', 'downstream'];
  return streams.map((one) => ({ ...toxic, stream: one }));
}
