/**
 * Which faults befall a run, and when: drawn from the seed alone, so that a run can be repeated.
 *
 * Every kind comes once (and network faults once on every kind of link) before any comes by chance; then all are shuffled. Each has
 * a slot of the time and begins somewhere in it, so that faults overlap as their lengths will have it. One target suffers one fault
 * at a time, and no more than a few things are harmed at once. A run of many faults has several rounds: after each everything must
 * be as it should.
 */
import { SeededRandom } from '../sim/environment/seeded-random.ts';
import type { Profile } from '../world/world.ts';
import { clusterLinks, type FaultKind, kindsOf, linkActions, usersOf } from './kinds.ts';

export interface PlannedFault {
  /** From 1, in the order in which they begin. */
  readonly number: number;
  readonly kind: string;
  readonly action: FaultKind['action'];
  /** A process, a service, or a link: `redis`, or `gateway-1>redis` for the link of one process. */
  readonly target: string;
  /** From the beginning of its round. */
  readonly startMs: number;
  readonly durationMs: number;
  /** How exactly, as the action needs it. */
  readonly detail: Readonly<Record<string, number | string>>;
}

export interface Round {
  readonly faults: readonly PlannedFault[];
  /** When devices leave for good, from the beginning of the round. */
  readonly departuresMs: readonly number[];
}

export interface PlanOptions {
  readonly profile: Profile;
  readonly seed: number;
  readonly faults: number;
  /** How long faults begin, all rounds together. */
  readonly activeMs?: number;
  /** Names of kinds, or how they begin; empty for all. */
  readonly only?: readonly string[];
}

const defaultSpacingMs = 2_500;
const faultsPerRound = 25;
const departuresPerRound = 2;
const mostAtOnce = 4;

type Drawn = Omit<PlannedFault, 'number' | 'startMs'> & { readonly busyMs: number };

export function drawPlan({ profile, seed, faults, activeMs, only = [] }: PlanOptions): Round[] {
  const random = new SeededRandom(seed, `chaos ${profile}`);
  const kinds = kindsOf[profile].filter(({ name }) => only.length === 0 || only.some((word) => name.startsWith(word)));
  if (kinds.length === 0) throw new Error(`no fault of ${profile} is called ${only.join(' or ')}`);
  const rest = shuffled(chooseFaults(kinds, faults, random.fork('choice')), random.fork('order'));
  const spacingMs = (activeMs ?? faults * defaultSpacingMs) / faults;
  const rounds: Round[] = [];
  const count = Math.ceil(faults / faultsPerRound);
  for (let index = 0; index < count; index++) {
    const size = Math.ceil(rest.length / (count - index));
    const begun = (index === 0 ? 0 : rounds.flatMap((round) => round.faults).length) + 1;
    const timed = schedule(rest.splice(0, size), spacingMs, random.fork(`times ${index}`));
    rounds.push({
      faults: timed.map((fault, at) => ({ number: begun + at, ...fault })),
      departuresMs: departures(timed, random.fork(`departures ${index}`)),
    });
  }
  return rounds;
}

/** How many devices leave for good in all of it. */
export const departuresOf = (rounds: readonly Round[]): number =>
  rounds.reduce((sum, { departuresMs }) => sum + departuresMs.length, 0);

function chooseFaults(kinds: readonly FaultKind[], count: number, random: SeededRandom): Drawn[] {
  const musts = shuffled(kinds.flatMap(onEveryLink), random);
  const chosen = musts.slice(0, count);
  while (chosen.length < count) chosen.push(byWeight(kinds, random));
  return chosen.map((kind) => draw(kind, random));
}

/** A network fault that may befall any link becomes several that befall one each, shared out among the four kinds of them. */
function onEveryLink(kind: FaultKind): FaultKind[] {
  const at = linkActions.indexOf(kind.action);
  if (at === -1 || kind.targets.length === 1) return [kind];
  const own = clusterLinks.filter((_, index) => index % linkActions.length === at);
  return own.map((link) => ({ ...kind, targets: [link] }));
}

function byWeight(kinds: readonly FaultKind[], random: SeededRandom): FaultKind {
  let left = random.next() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const kind of kinds) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  return kinds[0]!;
}

function draw({ name, action, targets, shortestMs, longestMs, recoveryMs }: FaultKind, random: SeededRandom): Drawn {
  const durationMs = random.between(shortestMs, longestMs);
  const link = random.pick(targets);
  return {
    kind: name,
    action,
    target: isNetwork(action) ? ownerOf(link, random) : link,
    durationMs,
    busyMs: durationMs + recoveryMs,
    detail: detailOf(name, action, random),
  };
}

const isNetwork = (action: FaultKind['action']): boolean => linkActions.includes(action);

/** Half of the time everybody's link to a service, else that of one process; one of two gateways for the other links. */
function ownerOf(link: string, random: SeededRandom): string {
  const users = usersOf[link] ?? ['gateway-1', 'gateway-2'];
  if (usersOf[link] !== undefined && random.chance(0.5)) return link;
  const user = random.pick(users);
  return usersOf[link] === undefined ? `${link}>${user}` : `${user}>${link}`;
}

function detailOf(kind: string, action: FaultKind['action'], random: SeededRandom): PlannedFault['detail'] {
  const stream = random.pick(['both', 'both', 'upstream', 'downstream']);
  switch (action) {
    case 'cut':
      // Refused at once, or without a word: the second is what a broken cable does.
      return { how: random.pick(['refused', 'silent']), stream };
    case 'delay':
      return { latencyMs: random.between(50, 1_500), jitterMs: random.between(0, 50), stream };
    case 'bandwidth':
      return { kilobytesPerSecond: random.between(1, 20), stream };
    case 'reset':
      return { afterMs: random.between(0, 500) };
    case 'clock':
      return { offsetMs: random.pick([-1, 1]) * (kind === 'clock-hour' ? 3_600_000 : random.between(2_000, 5_000)) };
    default:
      return {};
  }
}

/** What one fault may not share with another: the process or service itself, or a link, or a clock. */
export function keyOf({ action, target }: Pick<PlannedFault, 'action' | 'target'>): string {
  if (action === 'clock') return `the clock of ${target}`;
  return isNetwork(action) ? `links of ${target.split('>').find((name) => clusterLinks.includes(name))}` : target;
}

function schedule(drawn: readonly Drawn[], spacingMs: number, random: SeededRandom): Omit<PlannedFault, 'number'>[] {
  const waiting = [...drawn];
  const placed: { fault: Omit<PlannedFault, 'number'>; busyUntilMs: number }[] = [];
  let earliestMs = 0;
  for (let slot = 0; waiting.length > 0; slot++) {
    let startMs = Math.max(earliestMs, Math.round((slot + random.next() * 0.9) * spacingMs));
    const fits = (one: Drawn): boolean => {
      const running = placed.filter(({ busyUntilMs }) => busyUntilMs > startMs);
      const atOnce = running.filter(({ fault }) => fault.startMs + fault.durationMs > startMs).length;
      return atOnce < mostAtOnce && !running.some(({ fault }) => keyOf(fault) === keyOf(one));
    };
    while (!waiting.some(fits)) startMs += 100;
    const [next] = waiting.splice(waiting.findIndex(fits), 1);
    const { busyMs, ...fault } = next!;
    placed.push({ fault: { ...fault, startMs }, busyUntilMs: startMs + busyMs });
    earliestMs = startMs;
  }
  return placed.map(({ fault }) => fault);
}

/** In the first half of a round, at the beginning of a fault: late enough to be noticed, early enough to be made good in time. */
function departures(faults: readonly { readonly startMs: number }[], random: SeededRandom): number[] {
  const early = faults.slice(0, Math.ceil(faults.length / 2));
  return shuffled(early, random)
    .slice(0, departuresPerRound)
    .map(({ startMs }) => startMs)
    .sort((a, b) => a - b);
}

function shuffled<T>(list: readonly T[], random: SeededRandom): T[] {
  const result = [...list];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.between(0, at);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
