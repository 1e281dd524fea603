import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ParleyError } from '../errors/parley-error.ts';
import { type FrameName, type FrameTypes, frameSchemas, type SendFrame } from '../generated/wire.ts';
import { arbitraryOf } from './frame.arbitrary.ts';
import {
  decodeFrame,
  decodeJsonFrame,
  encodeFrame,
  encodeJsonFrame,
  type Frame,
  frameCodes,
  frameNameOf,
  isClientFrame,
  toJsonFrame,
} from './frame-codec.ts';
import { maxLong, parseSchema } from './schema-node.ts';

// Thousands of random inputs take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const names = Object.keys(frameCodes) as FrameName[];

const anyFrame: fc.Arbitrary<Frame> = fc
  .constantFrom(...names)
  .chain((name) => arbitraryOf(parseSchema(frameSchemas[name])).map((body) => ({ name, body }) as Frame));

/** What a decoder said: a frame, or the detail of its refusal. Anything else that it throws fails the test. */
function outcome(decode: () => Frame): Frame | string {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ParleyError && error.code === 'malformed_frame') return error.detail ?? '';
    throw error;
  }
}

const send: SendFrame = {
  conversation_id: '5f0d3c1e-7a54-4f5b-9c3a-2f6f1d8e4b90',
  peer_id: null,
  message_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  message_type: 'text',
  encrypted_body: Buffer.from([0, 255, 128]),
  preview: 'hi',
  media_url: null,
  thumbnail_url: null,
  reply_to: null,
  target_id: null,
  timer_seconds: 0,
  mls: null,
};
const sendBytes = encodeFrame('send', send);
const sendJson = JSON.parse(encodeJsonFrame('send', send)) as Record<string, unknown>;
const jsonOf = (changes: Record<string, unknown>): string => JSON.stringify({ ...sendJson, ...changes });

/** A zigzag varint of any size. */
function varint(value: bigint): Buffer {
  let rest = value >= 0n ? value << 1n : (-value << 1n) - 1n;
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const ping = (time: Buffer): Buffer => Buffer.concat([Buffer.from([frameCodes.ping]), time]);

describe('both forms', () => {
  it('give back what was encoded', () => {
    fc.assert(
      fc.property(anyFrame, ({ name, body }) => {
        const bytes = encodeFrame(name, body as FrameTypes[typeof name]);
        expect(frameNameOf(bytes)).toBe(name);
        expect(decodeFrame(bytes)).toEqual({ name, body });
        expect(decodeJsonFrame(encodeJsonFrame(name, body as FrameTypes[typeof name]))).toEqual({ name, body });
        expect(decodeJsonFrame(toJsonFrame(bytes))).toEqual({ name, body });
      }),
      { numRuns: 300 },
    );
  });

  it('have codes that are unique, clients below 64 and servers from 64 on', () => {
    const codes = names.map((name) => frameCodes[name]);
    expect(new Set(codes).size).toBe(names.length);
    for (const name of names) expect(isClientFrame(name)).toBe(frameCodes[name] < 64);
    expect(names.sort()).toEqual(Object.keys(frameSchemas).sort());
  });

  it('leave the member name `frame` to the frame itself', () => {
    for (const name of names) {
      const node = parseSchema(frameSchemas[name]);
      expect(node.kind === 'record' && node.fields.some((field) => field.name === 'frame')).toBe(false);
    }
  });
});

describe('the Avro decoder', () => {
  it('is total on random bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), (name, tail) => {
        const bytes = Buffer.concat([Buffer.from([frameCodes[name]]), tail]);
        const result = outcome(() => decodeFrame(bytes));
        if (typeof result !== 'string') expect(() => encodeFrame(result.name, result.body as never)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void outcome(() => decodeFrame(Buffer.from(bytes)))),
    );
  });

  it('is total on frames that were damaged, and what it takes can be encoded again', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyFrame, damage, fc.nat({ max: 3 }), ({ name, body }, changes, cut) => {
        const bytes = encodeFrame(name, body as never);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const result = outcome(() => decodeFrame(bytes.subarray(0, Math.max(0, bytes.length - cut))));
        if (typeof result === 'string') return;
        const again = encodeFrame(result.name, result.body as never);
        expect(decodeFrame(again)).toEqual(result);
        expect(decodeJsonFrame(encodeJsonFrame(result.name, result.body as never))).toEqual(result);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses an unknown code, nothing at all, truncation and trailing bytes', () => {
    expect(outcome(() => decodeFrame(Buffer.alloc(0)))).toBe('unknown frame code');
    expect(outcome(() => decodeFrame(Buffer.from([0])))).toBe('unknown frame code');
    for (let length = 1; length < sendBytes.length; length++) {
      expect(typeof outcome(() => decodeFrame(sendBytes.subarray(0, length)))).toBe('string');
    }
    expect(outcome(() => decodeFrame(Buffer.concat([sendBytes, Buffer.from([0])])))).toBe('send: trailing bytes');
  });

  it('refuses text that is not UTF-8, and takes every character that is', () => {
    const withPreview = (preview: number[]): Buffer => {
      const at = sendBytes.indexOf(Buffer.from('hi'));
      return Buffer.concat([
        sendBytes.subarray(0, at - 1),
        varint(BigInt(preview.length)),
        Buffer.from(preview),
        sendBytes.subarray(at + 2),
      ]);
    };
    const broken = [
      [0xff],
      [0xc3],
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0x80],
    ];
    for (const bytes of broken) expect(outcome(() => decodeFrame(withPreview(bytes)))).toBe('send: preview: not UTF-8');
    for (const text of ['', '\0', '\uFFFD', '\u{10FFFF}', '👩‍👩‍👧‍👦', '\u202E']) {
      expect(decodeFrame(withPreview([...Buffer.from(text)]))).toEqual({
        name: 'send',
        body: { ...send, preview: text },
      });
    }
  });

  it('refuses numbers outside their range, exactly at the limit', () => {
    expect(decodeFrame(ping(varint(BigInt(maxLong)))).body).toEqual({ client_time_ms: maxLong });
    for (const value of [2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, -(2n ** 63n), -(2n ** 52n) - 1n, 2n ** 70n]) {
      expect(outcome(() => decodeFrame(ping(varint(value))))).toBe('ping: client_time_ms: number out of range');
    }
    expect(decodeFrame(ping(varint(-(2n ** 52n)))).body).toEqual({ client_time_ms: -(2 ** 52) });
    const watch = (id: bigint): Buffer =>
      Buffer.concat([Buffer.from([frameCodes.watch]), varint(id), Buffer.from([0])]);
    expect(decodeFrame(watch(2n ** 31n - 1n)).name).toBe('watch');
    expect(outcome(() => decodeFrame(watch(2n ** 31n)))).toBe('watch: request_id: number out of range');
  });

  it('refuses an array that claims more items than there are bytes, without looping over the claim', () => {
    const claim = Buffer.concat([Buffer.from([frameCodes.watch]), varint(1n), varint(2n ** 31n - 1n)]);
    expect(outcome(() => decodeFrame(claim))).toBe('watch: user_ids: more items than bytes');
  });

  it('takes arrays in blocks, with and without their size', () => {
    const parts = [Buffer.from([frameCodes.watch]), varint(7n), varint(1n), varint(1n), Buffer.from('a')];
    const sized = (size: bigint): Buffer =>
      Buffer.concat([...parts, varint(-1n), varint(size), varint(1n), Buffer.from('b'), varint(0n)]);
    expect(decodeFrame(sized(2n)).body).toEqual({ request_id: 7, user_ids: ['a', 'b'] });
    expect(outcome(() => decodeFrame(sized(3n)))).toBe('watch: user_ids: block size differs from the block');
  });
});

describe('the JSON decoder', () => {
  it('is total on any JSON and any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void outcome(() => decodeJsonFrame(text))),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.object(), (name, rest) => {
        outcome(() => decodeJsonFrame(JSON.stringify({ ...rest, frame: name })));
      }),
      { numRuns: 2000 },
    );
    expect(outcome(() => decodeJsonFrame('['.repeat(100_000)))).toBe('not JSON');
    expect(typeof outcome(() => decodeJsonFrame('['.repeat(50_000) + ']'.repeat(50_000)))).toBe('string');
  });

  it('is total on frames in which a member was replaced or left out', () => {
    fc.assert(
      fc.property(anyFrame, fc.jsonValue(), fc.nat(), fc.boolean(), ({ name, body }, value, at, remove) => {
        const object = JSON.parse(encodeJsonFrame(name, body as never)) as Record<string, unknown>;
        const keys = Object.keys(object);
        const key = keys[at % keys.length]!;
        if (remove) delete object[key];
        else object[key] = value;
        const result = outcome(() => decodeJsonFrame(JSON.stringify(object)));
        if (typeof result !== 'string')
          expect(decodeFrame(encodeFrame(result.name, result.body as never))).toEqual(result);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives members that are left out their default, and refuses the lack of others', () => {
    const { preview: _preview, peer_id: _peer, media_url: _media, target_id: _target, ...rest } = sendJson;
    expect(decodeJsonFrame(JSON.stringify(rest)).body).toEqual({ ...send, preview: null });
    const { encrypted_body: _body, ...lacking } = sendJson;
    expect(outcome(() => decodeJsonFrame(JSON.stringify(lacking)))).toBe('send: encrypted_body: missing');
  });

  it('refuses what the schema does not have', () => {
    expect(outcome(() => decodeJsonFrame(jsonOf({ extra: 1 })))).toBe('send: unknown member');
    expect(outcome(() => decodeJsonFrame(`{"__proto__":{},${jsonOf({}).slice(1)}`))).toBe('send: unknown member');
    for (const frame of ['nothing', 'toString', '__proto__', null, 1]) {
      expect(outcome(() => decodeJsonFrame(jsonOf({ frame })))).toBe('unknown frame');
    }
    for (const text of ['', 'null', '1', '"send"', '[]', '{}'])
      expect(typeof outcome(() => decodeJsonFrame(text))).toBe('string');
  });

  it.each([
    ['conversation_id', 1],
    ['conversation_id', null],
    ['message_type', 'shout'],
    ['message_type', null],
    ['preview', ['a']],
    ['preview', {}],
    ['encrypted_body', null],
    ['encrypted_body', [1, 2]],
    ['encrypted_body', { type: 'Buffer', data: [1] }],
  ])('refuses %s = %j', (member, value) => {
    expect(outcome(() => decodeJsonFrame(jsonOf({ [member]: value })))).toMatch(new RegExp(`^send: ${member}: `));
  });

  it.each(['A', 'AP-A', 'AP+ A', 'AP+A=', 'AP+A\n', 'AP8', 'AP9=', '='])('refuses %j as base64', (encrypted_body) => {
    expect(outcome(() => decodeJsonFrame(jsonOf({ encrypted_body })))).toBe(
      'send: encrypted_body: not canonical base64',
    );
  });

  it('refuses lone surrogates and takes NUL, pairs and any other character', () => {
    for (const preview of ['\uD800', 'a\uDC00', '\uDC00\uD800']) {
      expect(outcome(() => decodeJsonFrame(jsonOf({ preview })))).toBe('send: preview: a lone surrogate');
    }
    for (const preview of ['', '\0', '👍🏽', '\uFFFD']) {
      expect(decodeJsonFrame(jsonOf({ preview })).body).toEqual({ ...send, preview });
    }
  });

  it('refuses numbers that are not whole or out of range', () => {
    for (const time of ['1.5', '1e999', '9007199254740992', '-9007199254740992', '"1"', 'true', 'null']) {
      expect(typeof outcome(() => decodeJsonFrame(`{"frame":"ping","client_time_ms":${time}}`))).toBe('string');
    }
    expect(decodeJsonFrame('{"frame":"ping","client_time_ms":-0}').body).toEqual({ client_time_ms: 0 });
  });
});
