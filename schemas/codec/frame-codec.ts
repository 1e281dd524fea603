/**
 * Frames of the WebSocket protocol as bytes: `parley.v1.avro` is one byte of frame code, then the Avro body;
 * `parley.v1.json` is the same record as an object with a `frame` member and bytes in base64.
 */
import avro, { type Type } from 'avsc';
import { ParleyError } from '../errors/parley-error.ts';
import { frameCodes as codes, type FrameName, type FrameTypes, frameSchemas } from '../generated/wire.ts';

export type ClientFrameName = keyof typeof codes.client;
export type ServerFrameName = keyof typeof codes.server;
export type Frame = { [N in FrameName]: { readonly name: N; readonly body: FrameTypes[N] } }[FrameName];

export const subprotocols = { avro: 'parley.v1.avro', json: 'parley.v1.json' } as const;
export const frameCodes: Readonly<Record<FrameName, number>> = { ...codes.client, ...codes.server };

const types = {} as Record<FrameName, Type>;
const nameOf: (FrameName | undefined)[] = new Array(256).fill(undefined);
for (const name of Object.keys(frameCodes) as FrameName[]) {
  types[name] = avro.Type.forSchema(frameSchemas[name] as unknown as avro.Schema);
  nameOf[frameCodes[name]] = name;
}

export function isClientFrame(name: FrameName): name is ClientFrameName {
  return name in codes.client;
}

/** The Avro form. @throws Error if the body does not fit the schema: a defect of the caller. */
export function encodeFrame<N extends FrameName>(name: N, body: FrameTypes[N]): Buffer {
  const encoded = types[name].toBuffer(body);
  const frame = Buffer.allocUnsafe(encoded.length + 1);
  frame[0] = frameCodes[name];
  encoded.copy(frame, 1);
  return frame;
}

/** @throws ParleyError `malformed_frame` on anything but exactly one frame. */
export function decodeFrame(bytes: Buffer): Frame {
  const name = bytes.length > 0 ? nameOf[bytes[0]!] : undefined;
  if (name === undefined) throw new ParleyError('malformed_frame', { detail: 'unknown frame code' });
  let body: unknown;
  try {
    body = types[name].fromBuffer(bytes.subarray(1));
  } catch {
    throw new ParleyError('malformed_frame', { detail: `not a ${name}` });
  }
  return { name, body } as Frame;
}

/** Only the name of an encoded frame, without decoding it. */
export function frameNameOf(bytes: Buffer): FrameName {
  const name = nameOf[bytes[0]!];
  if (name === undefined) throw new ParleyError('malformed_frame', { detail: 'unknown frame code' });
  return name;
}

const bytesToBase64 = (_key: string, value: unknown): unknown => {
  if (value !== null && typeof value === 'object' && (value as { type?: unknown }).type === 'Buffer') {
    return Buffer.from((value as { data: number[] }).data).toString('base64');
  }
  return value;
};

/** The JSON form of a frame. */
export function encodeJsonFrame<N extends FrameName>(name: N, body: FrameTypes[N]): string {
  return JSON.stringify({ frame: name, ...body }, bytesToBase64);
}
