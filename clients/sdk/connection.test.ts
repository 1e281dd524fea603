import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import { settle, VirtualTime } from '@parley/schemas/environment/virtual-time';
import { describe, expect, it } from 'vitest';
import { Connection } from './connection.ts';
import { limits } from './server.fixture.ts';
import { ServerClock } from './server-clock.ts';
import type { Transport, TransportHandlers } from './transport.ts';

interface FakeSocket {
  readonly handlers: TransportHandlers;
  closedWith: number | null;
}

/** Sockets that do what the test says, and nothing by themselves: a frozen server never answers a closing handshake. */
class FrozenNetwork implements Transport {
  readonly sockets: FakeSocket[] = [];

  open(_url: string, _protocols: readonly string[], handlers: TransportHandlers) {
    const socket: FakeSocket = { handlers, closedWith: null };
    this.sockets.push(socket);
    return {
      send: () => undefined,
      close: (code: number) => {
        socket.closedWith = code;
      },
    };
  }

  hello(index: number): void {
    const hello = encodeFrame('hello', {
      connection_id: index + 1,
      user_id: '11111111-1111-4111-8111-111111111111',
      device_id: '33333333-3333-4333-8333-333333333333',
      gateway_id: 'g1',
      server_time_ms: 0,
      heartbeat_interval_ms: 30_000,
      heartbeat_timeout_ms: 60_000,
      rules_version: 1,
      limits,
    });
    this.sockets[index]!.handlers.received(hello);
  }

  get left(): number {
    return this.sockets.filter(({ closedWith }) => closedWith === null).length;
  }
}

function setUp() {
  const time = new VirtualTime(1_700_000_000_000);
  const network = new FrozenNetwork();
  const losses: (number | null)[] = [];
  let hellos = 0;
  const connection = new Connection(
    {
      urls: ['ws://one', 'ws://two'],
      credentials: { userId: 'alice', accessToken: async () => 'token' },
      transport: network,
      clock: time,
      serverClock: new ServerClock(time),
      timers: time,
      random: { next: () => 0.5, bytes: (length: number) => new Uint8Array(length) },
      backoff: { firstMs: 100, maxMs: 1_000 },
      helloTimeoutMs: 10_000,
    },
    {
      hello: () => {
        hellos++;
      },
      frame: () => undefined,
      lost: (_code, _reason, reconnectInMs) => losses.push(reconnectInMs),
    },
  );
  return { time, network, connection, losses, hellos: () => hellos };
}

describe('Connection', () => {
  it('stop and start in a row leave one connection, whatever the old socket says later', async () => {
    const { time, network, connection, losses, hellos } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    connection.stop();
    connection.start();
    await settle(10);
    network.hello(1);
    network.sockets[0]!.handlers.closed(1000, 'bye');
    await time.advance(30_000);
    expect(network.sockets).toHaveLength(2);
    expect(connection.isReady).toBe(true);
    expect(hellos()).toBe(2);
    expect(losses).toEqual([null]);
  });

  it('stop while the token is awaited, and start again, open one socket', async () => {
    const { network, connection } = setUp();
    connection.start();
    connection.stop();
    connection.start();
    connection.start();
    await settle(10);
    expect(network.sockets).toHaveLength(1);
  });

  it('stop ends an attempt that waits for its turn', async () => {
    const { time, network, connection } = setUp();
    connection.start();
    await settle(10);
    network.sockets[0]!.handlers.closed(1006, '');
    connection.stop();
    await time.advance(60_000);
    expect(network.sockets).toHaveLength(1);
  });

  it('leaves a server that fell silent without waiting for its goodbye', async () => {
    const { time, network, connection, hellos } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    await time.advance(62_000);
    expect(network.sockets).toHaveLength(2);
    expect(network.left).toBe(1);
    network.hello(1);
    expect(hellos()).toBe(2);
  });

  it('leaves a server that never says hello', async () => {
    const { time, network, connection } = setUp();
    connection.start();
    await settle(10);
    await time.advance(11_000);
    expect(network.sockets).toHaveLength(2);
    expect(network.left).toBe(1);
  });

  it('may be started again after it ended for good', async () => {
    const { network, connection, losses } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    network.sockets[0]!.handlers.closed(4403, 'device_revoked');
    connection.start();
    await settle(10);
    expect(losses).toEqual([null]);
    expect(network.sockets).toHaveLength(2);
  });

  it('comes back once if it is superseded soon after its start: by an attempt of the application before it', async () => {
    const { time, network, connection, losses } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    network.sockets[0]!.handlers.closed(4409, 'superseded');
    await time.advance(1_000);
    expect(losses).toEqual([expect.any(Number)]);
    network.hello(1);
    network.sockets[1]!.handlers.closed(4409, 'superseded');
    await time.advance(1_000);
    expect(losses).toEqual([expect.any(Number), null]);
    expect(network.sockets).toHaveLength(2);
  });

  it('believes later that another application took over, unless it has given up an attempt of its own', async () => {
    const { time, network, connection, losses } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    await time.advance(119_000); // Silence: it left the first socket, and gave up attempts that no hello answered.
    network.hello(network.sockets.length - 1);
    const { length } = network.sockets;
    losses.length = 0;
    await time.advance(2_000);
    network.sockets.at(-1)!.handlers.closed(4409, 'superseded');
    await time.advance(1_000);
    expect(losses).toEqual([expect.any(Number)]);
    expect(network.sockets).toHaveLength(length + 1);
  });

  it('is ended at once by another application when it has been connected for long', async () => {
    const { time, network, connection, losses } = setUp();
    connection.start();
    await settle(10);
    network.hello(0);
    for (let minute = 0; minute < 3; minute++) {
      await time.advance(45_000);
      network.hello(0); // Any frame shows that the server lives.
    }
    network.sockets[0]!.handlers.closed(4409, 'superseded');
    await time.advance(1_000);
    expect(losses).toEqual([null]);
    expect(network.sockets).toHaveLength(1);
  });
});
