/** One run: a seed, and what came of it. The same seed gives the same run, event by event. */
import { examine, inspections, checks as ordinary } from '../checks/all.ts';
import type { History } from '../checks/history.ts';
import { comeToRest } from './calm.ts';
import type { Aside } from './environment/reality.ts';
import { SeededRandom } from './environment/seeded-random.ts';
import { Ephemera } from './ephemera.ts';
import { Faults } from './faults/faults.ts';
import { Oracle } from './oracle.ts';
import { drawPlan, type Plan } from './plan.ts';
import { recordHistory } from './recording.ts';
import { Sights } from './sights.ts';
import { windDown } from './wind-down.ts';
import { Workload } from './workload/workload.ts';
import { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  /** Of virtual time, for acts and faults; null: the seed says. */
  readonly activeMs: number | null;
  readonly keepsTrace: boolean;
  /** Does what needs real timers; directly, where nothing forbids them. */
  readonly aside?: Aside;
}

export interface Violation {
  readonly check: string;
  readonly means: string;
  readonly details: readonly string[];
}

export interface SeedResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly events: number;
  readonly accepted: number;
  readonly hash: string;
  readonly plan: Plan;
  readonly trace: readonly string[];
}

const nothing: History = { sends: [], devices: [], pushes: [] };

/** A user's mistakes are refused, so the check for refusals is not for these runs. */
const asked = [...ordinary.filter(({ name }) => name !== 'refused'), ...inspections];

const directly: Aside = (work) => work();

export async function runSeed({ seed, activeMs, keepsTrace, aside = directly }: RunOptions): Promise<SeedResult> {
  const plan = drawPlan(new SeededRandom(seed, 'plan'), activeMs);
  const world = new World(seed, plan.shape, keepsTrace);
  const oracle = new Oracle(world);
  const sights = new Sights();
  const ephemera = new Ephemera(world, oracle);
  observe(world, oracle, sights, ephemera);
  const workload = new Workload(world, plan);
  const problems: string[] = [];
  const stopListening = listenForRejections((reason) => problems.push(`rejected: ${textOf(reason)}`));
  const play = (): Promise<string[]> => playOut({ world, oracle, plan, workload });
  problems.push(...(await orThrown(play, (thrown) => [thrown])));
  await oracle.settled();
  const history = await orThrown(
    () => recordHistory({ world, oracle, sights, plan, aside, poison: workload.intruder.poison }),
    (thrown) => {
      problems.push(thrown); // What is left of such a run cannot be read: that it is so is enough.
      return nothing;
    },
  );
  const shownToOutsiders = ephemera.found(plan.faults);
  const leftovers = problems.length === 0 ? await windDown(world) : [];
  problems.push(...world.problems);
  stopListening();
  const violations = examine({ ...history, shownToOutsiders, leftovers, problems }, asked).map(
    ({ check, violations: details }) => ({
      check: check.name,
      means: check.means,
      details,
    }),
  );
  let accepted = 0;
  for (const { messages } of oracle.conversations.values()) accepted += messages.length;
  const { trace } = world;
  return { seed, violations, events: trace.events, accepted, hash: trace.digest(), plan, trace: trace.lines ?? [] };
}

interface Play {
  readonly world: World;
  readonly oracle: Oracle;
  readonly plan: Plan;
  readonly workload: Workload;
}

/** Acts and faults for as long as the plan says, then calm. Resolves to what did not come to rest. */
async function playOut({ world, oracle, plan, workload }: Play): Promise<string[]> {
  const faults = new Faults(world, plan);
  world.start();
  workload.start();
  faults.start();
  await world.time.advance(plan.activeMs);
  workload.stop();
  faults.stop();
  world.trace.add('world', 'calms down');
  const unrest = await comeToRest({ world, oracle, faults: plan.faults, intruder: workload.intruder });
  return unrest.map((one) => `not at rest: ${one}`);
}

async function orThrown<T>(work: () => Promise<T>, otherwise: (thrown: string) => T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    return otherwise(`thrown: ${textOf(error)}`);
  }
}

function observe(world: World, oracle: Oracle, sights: Sights, ephemera: Ephemera): void {
  world.observer = {
    record: (record) => oracle.record(record),
    frame: (life, bytes) => {
      const device = world.people.find((one) => one.life === life);
      if (device === undefined) return;
      sights.frame(device, bytes);
      ephemera.frame(device, bytes);
    },
    committed: (...commit) => oracle.committed(...commit),
    ticked: (device, status) => oracle.ticked(device, status),
  };
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

function listenForRejections(report: (reason: unknown) => void): () => void {
  process.on('unhandledRejection', report);
  return () => process.off('unhandledRejection', report);
}
