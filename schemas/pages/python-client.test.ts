/** The Python client was written from docs/PROTOCOL.md alone: that it agrees with the codec shows that the page is enough. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { arbitraryOf } from '../codec/frame.arbitrary.ts';
import { decodeFrame, encodeFrame, encodeJsonFrame, type Frame, frameCodes } from '../codec/frame-codec.ts';
import type { FrameName } from '../generated/wire.ts';
import { directConversationId } from '../identity/conversation-id.ts';
import { isMessageId, messageIdTimeMs } from '../identity/message-id.ts';
import { frameNode } from './frame-tables.ts';
import { exampleFrames } from './worked-examples.ts';

// Thousands of random inputs take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const program = fileURLToPath(new URL('../../clients/python-example/client.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('left out: the Python client, because there is no python3 on this machine');

/** One process for all questions. */
function ask(questions: readonly unknown[]): Record<string, unknown>[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { stdout, stderr, status } = spawnSync('python3', ['-B', program, 'codec'], { input, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const anyFrame: fc.Arbitrary<Frame> = fc
  .constantFrom(...(Object.keys(frameCodes) as FrameName[]))
  .chain((name) => arbitraryOf(frameNode(name)).map((body) => ({ name, body }) as Frame));

const hexOf = ({ name, body }: Frame): string => encodeFrame(name, body as never).toString('hex');
const jsonOf = ({ name, body }: Frame): unknown => JSON.parse(encodeJsonFrame(name, body as never));

// Left out because there may be no python3 on a machine; the line printed above says so.
describe.runIf(hasPython)('the Python client', () => {
  it('writes and reads the worked examples and a thousand random frames as the servers do', () => {
    const frames = [...exampleFrames, ...fc.sample(anyFrame, 1000)];
    const written = ask(frames.map((frame) => ({ encode: jsonOf(frame) })));
    expect(written).toEqual(frames.map((frame) => ({ hex: hexOf(frame) })));
    const read = ask(frames.map((frame) => ({ decode: hexOf(frame) })));
    expect(read).toEqual(frames.map((frame) => ({ frame: jsonOf(frame) })));
  });

  it('refuses what the servers refuse', () => {
    const bytes = fc.tuple(anyFrame, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([frame, at, byte]) => {
      const damaged = Buffer.from(hexOf(frame), 'hex');
      if (damaged.length > 1) damaged[1 + (at % (damaged.length - 1))] = byte;
      return damaged;
    });
    const damaged = fc.sample(bytes, 1000);
    const isTaken = damaged.map((one) => {
      try {
        return decodeFrame(one) !== null;
      } catch {
        return false;
      }
    });
    const answers = ask(damaged.map((one) => ({ decode: one.toString('hex') })));
    expect(answers.map((answer) => 'frame' in answer)).toEqual(isTaken);
  });

  it('derives the same conversation ids and makes valid message ids', () => {
    const pairs = fc.sample(fc.tuple(fc.uuid(), fc.uuid()), 50);
    expect(ask(pairs.map((direct) => ({ direct })))).toEqual(
      pairs.map(([a, b]) => ({ id: directConversationId(a, b) })),
    );
    for (const time_ms of [0, 1469918176385, 1700000000123, 2 ** 48 - 1]) {
      const [answer] = ask([{ ulid: time_ms }]);
      expect(answer!['time_ms']).toBe(time_ms);
      expect(isMessageId(String(answer!['id']))).toBe(true);
      expect(messageIdTimeMs(String(answer!['id']))).toBe(time_ms);
    }
  });
});
