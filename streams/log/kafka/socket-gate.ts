/**
 * Sockets that can all be taken away at once.
 *
 * A kafkajs producer that was given up can't be told to stop: it keeps retrying, and would write its records after newer ones.
 * Without sockets it can't.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory, ISocketFactoryArgs } from 'kafkajs';

const keepAliveMs = 60_000;

export class SocketGate {
  private readonly sockets = new Set<Socket>();
  private shut = false;

  readonly create: ISocketFactory = (args) => {
    if (this.shut) throw new Error('this client was given up');
    const socket = dial(args);
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  };

  close(): void {
    this.shut = true;
    for (const socket of this.sockets) socket.destroy();
  }
}

function dial({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  // kafkajs leaves `ssl` out where there is none, whatever its types say.
  const secured: ISocketFactoryArgs['ssl'] | undefined = ssl;
  const socket = secured
    ? connectTls({ host, port, ...servername, ...secured }, onConnect)
    : connect({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveMs);
  return socket;
}
