/** TCP ports: free ones for instances of a test's own, and one request-answer exchange to see whether a server lives. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';

/**
 * The kernel takes source ports from 32768 up. A server that is killed and started again must not live there: somebody's
 * outgoing connection may take its port, or a client that dials it in a loop connects to itself.
 */
const firstPort = 20_000;
const endPort = 32_000;

/**
 * Different ports that nobody listens on and that no outgoing connection will take.
 *
 * @param taken ports that somebody will listen on, but does not yet
 */
export async function freePorts(count: number, taken: Iterable<number> = []): Promise<number[]> {
  const others = new Set(taken);
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt > 100 + count * 10) throw new Error(`no ${count} free ports from ${firstPort} to ${endPort}`);
    const port = randomInt(firstPort, endPort);
    if (!others.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

/** Whether a server could listen on the port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Sends `request` and resolves with the first bytes of the answer, or null if there is none in time. */
export function exchange(port: number, request: Uint8Array, timeoutMs = 2_000): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(request));
    const finish = (answer: Buffer | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(null));
    socket.once('error', () => finish(null));
    socket.once('close', () => finish(null));
    socket.once('data', finish);
  });
}
