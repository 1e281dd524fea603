/** After the end of a run: everybody leaves in order, and what is still there afterwards should not be (invariant 11). */
import type { World } from './world.ts';

/** More than a gateway's drain, and everything that a stop waits for. */
const leaveMs = 90_000;

export async function windDown(world: World): Promise<string[]> {
  const { people, servers, time } = world;
  world.trace.add('world', 'winds down');
  const left = Promise.all(people.map((device) => device.goOffline())).then(() =>
    Promise.all(servers.map((server) => server.leave())),
  );
  let hasEnded = false;
  void left.then(() => {
    hasEnded = true;
  });
  await time.advance(leaveMs);
  if (!hasEnded) return ['a process does not come to its end when it is asked to stop'];
  return [...leftBehind(world)];
}

function* leftBehind({ people, servers, devices, deliveries, gateways }: World): Generator<string> {
  for (const { name, life } of [...people, ...servers]) {
    const count = life?.timersLeft ?? 0;
    if (life?.isAlive === true && count > 0) yield `${name} has ${count} timers`;
  }
  for (const connection of devices.connections)
    if (!connection.isOver && connection.gateway.life.isAlive && connection.device.isAlive)
      yield `a connection of ${connection.device.name} to ${connection.gateway.life.name} is open`;
  for (const stream of deliveries.streams)
    if (!stream.isOver) yield 'a stream between a processor and a gateway is open';
  for (const gateway of gateways) {
    const count = gateway.listening?.core.counts.connections ?? 0;
    if (count > 0) yield `${gateway.name} counts ${count} connections`;
  }
}
