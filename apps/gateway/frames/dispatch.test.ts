import { randomBytes } from 'node:crypto';
import { encodeFrame, frameCodes, subprotocols } from '@parley/schemas/codec/frame-codec';
import { describe, expect, it } from 'vitest';
import { TestGateway } from '../fixtures/gateway.fixture.ts';

const malformed: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['an unknown code', Buffer.from([200])],
  ['a truncated send', Buffer.from([frameCodes.send, 0xff, 0xff, 0xff])],
  ['trailing bytes', Buffer.concat([encodeFrame('ping', { client_time_ms: 1 }), Buffer.from([0])])],
  ['noise', randomBytes(1_000)],
];

describe('frames', () => {
  it.each(malformed)('answers %s with malformed_frame and stays up', async (_what, bytes) => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    device.sayBytes(bytes);
    device.say('ping', { client_time_ms: 5 });
    expect(device.errorCodes).toEqual(['malformed_frame']);
    expect(device.of('pong')).toHaveLength(1);
  });

  it('answers a frame that only servers send with unexpected_frame', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    device.say('go_away', { reason: '', reconnect_after_ms: 0 });
    expect(device.errorCodes).toEqual(['unexpected_frame']);
  });

  it('answers text on the Avro protocol, and binary on the JSON one, with malformed_frame', async () => {
    const gateway = new TestGateway();
    const [avro, json] = [await gateway.device(), await gateway.device(undefined, undefined, subprotocols.json)];
    avro.sayBytes(Buffer.from('{"frame":"ping","client_time_ms":1}'), false);
    json.sayBytes(encodeFrame('ping', { client_time_ms: 1 }), true);
    expect(avro.errorCodes).toEqual(['malformed_frame']);
    expect(json.errorCodes).toEqual(['malformed_frame']);
  });

  it('speaks JSON in text messages, with the same frames', async () => {
    const gateway = new TestGateway();
    const alice = await gateway.device(undefined, undefined, subprotocols.json);
    const bob = await gateway.device();
    const send = gateway.sendFrame(alice, bob);
    gateway.stores.conversation(send.conversation_id, [alice.userId, bob.userId]);
    alice.say('send', send);
    await gateway.settle();
    gateway.publish(send.conversation_id, 1, bob.userId, [alice, bob]);
    expect(alice.messages.every((message) => typeof message === 'string')).toBe(true);
    expect(bob.messages.every((message) => Buffer.isBuffer(message))).toBe(true);
    expect(alice.of('appended')).toHaveLength(1);
    expect(alice.of('message')).toEqual(bob.of('message'));
  });

  it('answers ping with the server time', async () => {
    const gateway = new TestGateway();
    const device = await gateway.device();
    await gateway.time.advance(250);
    device.say('ping', { client_time_ms: 77 });
    expect(device.of('pong')).toEqual([{ client_time_ms: 77, server_time_ms: gateway.time.nowMs() }]);
  });

  it('closes a connection that is at fault too often in a minute', async () => {
    const gateway = new TestGateway({ maxErrorsPerMinute: 10 });
    const device = await gateway.device();
    for (let i = 0; i < 10; i++) device.sayBytes(Buffer.from([0]));
    expect(device.closed).toBeNull();
    await gateway.seconds(61, device);
    for (let i = 0; i < 10; i++) device.sayBytes(Buffer.from([0]));
    expect(device.closed).toBeNull();
    device.sayBytes(Buffer.from([0]));
    expect(device.closed).toEqual({ code: 4400, reason: 'too_many_errors' });
  });

  it('does not count as a fault what only wants to be tried again', async () => {
    const gateway = new TestGateway({ maxErrorsPerMinute: 2 });
    const { alice, bob } = await gateway.pair();
    gateway.retryAfterMs = 10;
    for (let i = 0; i < 20; i++) alice.say('send', gateway.sendFrame(alice, bob));
    expect(alice.errorCodes).toHaveLength(20);
    expect(alice.closed).toBeNull();
  });
});
