/** Everything that people do in a run, until it is stopped. */
import type { SeededRandom } from '../environment/seeded-random.ts';
import type { Plan } from '../plan.ts';
import type { World } from '../world.ts';
import { Commits } from './commits.ts';
import { Conversations } from './conversations.ts';
import { Intruder } from './intruder.ts';
import { Person } from './person.ts';

const changeEveryMs = 12_000;
const timerEveryMs = 20_000;
const intrudeEveryMs = 2_500;
const commitEveryMs = 4_000;
const awayMs = 9_000;

export class Workload {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #random: SeededRandom;
  readonly #conversations: Conversations;
  readonly intruder: Intruder;
  #isRunning = true;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    this.#random = world.random.fork('workload');
    this.#conversations = new Conversations(world, this.#random.fork('conversations'));
    this.intruder = new Intruder(world, this.#random.fork('intruder'));
  }

  start(): void {
    const { groups, actEveryMs, activeMs, clientSkewMs, hasChanges, hasIntruder, oldRelay } = this.#plan;
    this.#world.relay.isOld = oldRelay !== 'never';
    if (oldRelay === 'at_first') this.#world.time.after(activeMs / 2, () => this.#upgradeRelay());
    if (this.#plan.hasPrivacy) this.#world.privacy.begin(this.#random.fork('privacy'));
    for (let count = groups; count > 0; count--) this.#conversations.createGroup();
    this.#world.relay.repeats = hasChanges ? 0.1 : 0;
    this.#chooseSleepers();
    for (const device of this.#world.people) {
      const random = this.#random.fork(device.name);
      device.skewMs = clientSkewMs === 0 ? 0 : random.between(-clientSkewMs, clientSkewMs);
      const person = new Person(this.#world, device, random, this.#conversations);
      this.#world.time.after(random.between(0, 10_000), () => device.start());
      this.#repeatedly(random, actEveryMs, () => person.act());
    }
    if (this.#plan.hasRevocation) this.#revokeOne();
    if (hasChanges) this.#repeatedly(this.#random.fork('changes'), changeEveryMs, () => this.#conversations.change());
    const commits = new Commits(this.#world, this.#random.fork('commits'));
    if (this.#plan.hasMls) this.#repeatedly(this.#random.fork('mls'), commitEveryMs, () => commits.act());
    const timers = this.#random.fork('timers');
    if (this.#plan.hasTimers) this.#repeatedly(timers, timerEveryMs, () => this.#conversations.setTimer(timers));
    if (hasIntruder) this.#repeatedly(this.#random.fork('intrusions'), intrudeEveryMs, () => this.intruder.intrude());
  }

  /** What it makes from now on has a seq; what it made before keeps its meaning. */
  #upgradeRelay(): void {
    this.#world.relay.isOld = false;
  }

  /** Who is not online at the end: some never are, some leave on the way. */
  #chooseSleepers(): void {
    const { sleepers, activeMs } = this.#plan;
    for (let count = sleepers; count > 0; count--) {
      const device = this.#random.pick(this.#world.people);
      const afterMs = this.#random.chance(0.3) ? 0 : this.#random.between(0, activeMs);
      if (afterMs === 0) {
        device.fallAsleep();
        continue;
      }
      // Its user looks at something else first: what comes now is on the device, and not acknowledged.
      if (this.#random.chance(0.5)) this.#world.time.after(afterMs, () => device.lookAway(awayMs));
      const asleepAfterMs = Math.min(activeMs, afterMs + this.#random.between(0, awayMs));
      this.#world.time.after(asleepAfterMs, () => device.fallAsleep());
    }
  }

  /** A phone is lost, and its user says so. */
  #revokeOne(): void {
    const random = this.#random.fork('revocation');
    const { people, time } = this.#world;
    time.after(random.between(0, this.#plan.activeMs), () => {
      const device = random.pick(people);
      if (!device.isAsleep) void this.#world.revoke(device);
    });
  }

  /** At moments that do not depend on each other, so often on average. */
  #repeatedly(random: SeededRandom, everyMs: number, run: () => void): void {
    const next = (): void => {
      const delayMs = Math.ceil(-Math.log(1 - random.next()) * everyMs);
      this.#world.time.after(delayMs, () => {
        if (!this.#isRunning) return;
        run();
        next();
      });
    };
    next();
  }

  stop(): void {
    this.#isRunning = false;
  }
}
