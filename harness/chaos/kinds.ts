/** Which faults there are on each profile, what each may befall, and for how long: never so long that nothing could recover. */
import type { Profile } from '../world/world.ts';

export type Action =
  | 'kill'
  | 'freeze'
  | 'cut'
  | 'delay'
  | 'bandwidth'
  | 'reset'
  | 'clock'
  | 'rebalance'
  | 'flush'
  | 'fill';

export interface FaultKind {
  /** By which it is counted and chosen. */
  readonly name: string;
  readonly action: Action;
  /** One of them is drawn. */
  readonly targets: readonly string[];
  readonly shortestMs: number;
  readonly longestMs: number;
  /** How long after its end the target may still be coming back: nothing else befalls it in that time. */
  readonly recoveryMs: number;
  /** How often it is drawn, beyond the once that each kind is. */
  readonly weight: number;
}

/** Whose links are proxied: each has a way of its own to each service that it uses. */
export const usersOf: Readonly<Record<string, readonly string[]>> = {
  kafka: ['gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'processor-3', 'pusher'],
  registry: ['gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'processor-3', 'pusher'],
  cassandra: ['gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'processor-3', 'pusher'],
  redis: ['api', 'gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'processor-3'],
  postgres: ['api', 'gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'processor-3', 'pusher'],
};

export const services = Object.keys(usersOf);

/** Those that are restarted in seconds, and those that are in a moment. */
const slowServices: readonly string[] = ['kafka', 'registry', 'cassandra'];

const apps: Readonly<Record<string, readonly string[]>> = {
  gateway: ['gateway-1', 'gateway-2'],
  processor: ['processor-1', 'processor-2'],
  api: ['api'],
  pusher: ['pusher'],
};

export const linkActions: readonly Action[] = ['cut', 'delay', 'bandwidth', 'reset'];

/** Of the processes whose clock can be wrong. */
export const clocks = ['gateway-1', 'gateway-2', 'processor-1', 'processor-2', 'pusher'];

interface Length {
  readonly shortestMs: number;
  readonly longestMs: number;
}

const downtime: Length = { shortestMs: 300, longestMs: 4_000 };
/** At times longer than a consumer may be silent: what was frozen wakes up and is no owner any more. */
const frozen: Length = { shortestMs: 1_000, longestMs: 8_000 };
const troubled: Length = { shortestMs: 1_000, longestMs: 8_000 };
const wrong: Length = { shortestMs: 2_000, longestMs: 8_000 };

const killService = (name: string): FaultKind => {
  const recoveryMs = slowServices.includes(name) ? 12_000 : 2_000;
  const weight = slowServices.includes(name) ? 0.5 : 1;
  return { name: `kill-${name}`, action: 'kill', targets: [name], ...downtime, recoveryMs, weight };
};

const freeze = (name: string, targets: readonly string[]): FaultKind => {
  return { name: `freeze-${name}`, action: 'freeze', targets, ...frozen, recoveryMs: 1_000, weight: 1 };
};

const killApp = (name: string): FaultKind => {
  return { name: `kill-${name}`, action: 'kill', targets: apps[name]!, ...downtime, recoveryMs: 4_000, weight: 2 };
};

const trouble = (action: Action, targets: readonly string[]): FaultKind => {
  return { name: action, action, targets, ...troubled, recoveryMs: 500, weight: 3 };
};

const wrongClock = (name: string, targets: readonly string[]): FaultKind => {
  return { name, action: 'clock', targets, ...wrong, recoveryMs: 3_000, weight: 1 };
};

/** What `network` faults may befall in a cluster; a link is drawn first, then whose it is. */
export const clusterLinks: readonly string[] = [...services, 'delivery', 'devices'];

const clusterKinds: readonly FaultKind[] = [
  ...services.map(killService),
  ...services.map((name) => freeze(name, [name])),
  ...Object.keys(apps).map(killApp),
  ...Object.entries(apps).map(([name, targets]) => freeze(name, targets)),
  ...linkActions.map((action) => trouble(action, clusterLinks)),
  wrongClock('clock-seconds', clocks),
  wrongClock('clock-hour', clocks),
  {
    name: 'rebalance',
    action: 'rebalance',
    targets: ['processor-3'],
    ...{ shortestMs: 2_000, longestMs: 8_000, recoveryMs: 4_000, weight: 1 },
  },
  {
    name: 'flush-redis',
    action: 'flush',
    targets: ['redis'],
    ...{ shortestMs: 0, longestMs: 0, recoveryMs: 1_000, weight: 1 },
  },
];

const embeddedKinds: readonly FaultKind[] = [
  { ...killService('standalone'), recoveryMs: 6_000, weight: 2 },
  freeze('standalone', ['standalone']),
  ...linkActions.map((action) => trouble(action, ['devices'])),
  wrongClock('clock-seconds', ['standalone']),
  {
    name: 'disk-full',
    action: 'fill',
    targets: ['disk'],
    ...{ shortestMs: 1_000, longestMs: 5_000, recoveryMs: 2_000, weight: 2 },
  },
];

export const kindsOf: Readonly<Record<Profile, readonly FaultKind[]>> = {
  cluster: clusterKinds,
  embedded: embeddedKinds,
};
