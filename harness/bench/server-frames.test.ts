import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { clientFrame, ServerFrames } from './server-frames.ts';

/** As a server sends it. */
function serverFrame(payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x82, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([0x82, 126, length >> 8, length & 0xff]), payload]);
  const head = Buffer.alloc(10);
  head[0] = 0x82;
  head[1] = 127;
  head.writeUInt32BE(length, 6);
  return Buffer.concat([head, payload]);
}

describe('frames on a bare socket', () => {
  it('end where the server says that it closes', () => {
    let got = 0;
    const frames = new ServerFrames(() => got++);
    const closing = Buffer.concat([serverFrame(Buffer.from('one')), Buffer.from([0x88, 2, 0x0f, 0xa1])]);
    frames.take(closing, closing.length);
    frames.take(serverFrame(Buffer.from('two')), 5);
    expect(got).toBe(1);
  });

  it('come out whole, however they are cut into reads of one buffer', () => {
    const sizes = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(125, 126, 65_535, 65_536)), { maxLength: 4 });
    const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70_000 })));
    fc.assert(
      fc.property(sizes, cuts, (lengths, stream) => {
        const payloads = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        const sent = Buffer.concat(payloads.map(serverFrame));
        const got: Buffer[] = [];
        const frames = new ServerFrames((bytes, from, to) => got.push(Buffer.from(bytes.subarray(from, to))));
        const shared = Buffer.alloc(70_000);
        for (let at = 0; at < sent.length; ) {
          const read = sent.copy(shared, 0, at, Math.min(sent.length, at + stream.next().value));
          frames.take(shared, read);
          shared.fill(0);
          at += read;
        }
        expect(Buffer.concat(got).equals(Buffer.concat(payloads))).toBe(true);
        expect(got.map(({ length }) => length)).toEqual(lengths);
      }),
      { numRuns: 60 },
    );
  });

  it('that a client makes are read by a WebSocket server', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const received = new Promise<Buffer[]>((resolve) => {
      const got: Buffer[] = [];
      server.once('connection', (socket) =>
        socket.on('message', (data: Buffer) => got.push(data) === 2 && resolve(got)),
      );
    });
    const { port } = server.address() as { port: number };
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    const payloads = [Buffer.alloc(10, 'short'), Buffer.alloc(300, 'longer')];
    client.on('open', () => {
      const raw = (client as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
      for (const payload of payloads) raw.write(clientFrame(payload));
    });
    expect(await received).toEqual(payloads);
    client.terminate();
    server.close();
  });
});
