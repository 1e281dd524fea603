/** Two people who register and write to each other after a round: it shows that the api and the directory are well again. */
import { until } from '../services/until.ts';
import type { BaseWorld } from '../world/base-world.ts';
import type { Person } from '../world/people.ts';

const attemptMs = 15_000;

/** What is wrong; null if a message arrived within the time. */
export async function newcomersMeet(world: BaseWorld, timeoutMs: number): Promise<string | null> {
  const last: { error: unknown } = { error: null };
  const attempt = async (): Promise<boolean> => {
    try {
      await meet(await world.person('newcomer A'), await world.person('newcomer B'), world);
      return true;
    } catch (error) {
      last.error = error; // Tried again: what was just repaired may take a moment.
      return false;
    }
  };
  try {
    await until(attempt, { what: 'newcomers meet', timeoutMs, everyMs: 500 });
    return null;
  } catch {
    return `newcomers could not register and write to each other: ${String(last.error).slice(0, 300)}`;
  }
}

async function meet(a: Person, b: Person, world: BaseWorld): Promise<void> {
  const [from, to] = [world.client(a.first), world.client(b.first)];
  try {
    await Promise.all([from.online(attemptMs), to.online(attemptMs)]);
    const verdict = await from.sendAndWait({ peerId: b.userId, encryptedBody: Buffer.from('hello') }, attemptMs);
    if (verdict.kind !== 'accepted') throw new Error(`a newcomer's message was refused: ${verdict.code}`);
    await until(() => to.received.size > 0, { what: 'the message of a newcomer', timeoutMs: attemptMs });
  } finally {
    await Promise.all([from.offline(), to.offline()]);
  }
}
