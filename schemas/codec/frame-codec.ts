/**
 * Frames of the WebSocket protocol as bytes: `parley.v1.avro` is one byte of frame code, then the Avro body;
 * `parley.v1.json` is the same record as an object with a `frame` member and bytes in base64.
 *
 * Both decoders are total: whatever comes in, they return exactly one frame or throw `malformed_frame`, and their work is bounded
 * by the length of the input. docs/PROTOCOL.md describes the forms.
 */
import { invariant } from '../errors/invariant.ts';
import { ParleyError } from '../errors/parley-error.ts';
import { frameCodes as codes, type FrameName, type FrameTypes, frameSchemas } from '../generated/wire.ts';
import { compileAvroCheck } from './avro-check.ts';
import { type FrameType, frameType } from './frame-type.ts';
import { compileJsonReader, compileJsonWriter, JsonFormError, type JsonObject } from './json-form.ts';
import { parseSchema } from './schema-node.ts';

export type ClientFrameName = keyof typeof codes.client;
export type ServerFrameName = keyof typeof codes.server;
export type Frame = { [N in FrameName]: { readonly name: N; readonly body: FrameTypes[N] } }[FrameName];

export const subprotocols = { avro: 'parley.v1.avro', json: 'parley.v1.json' } as const;
export const frameCodes: Readonly<Record<FrameName, number>> = { ...codes.client, ...codes.server };

interface FrameForm {
  readonly name: FrameName;
  readonly type: FrameType;
  readonly check: (bytes: Uint8Array, from: number) => string | null;
  readonly readJson: (value: JsonObject) => Record<string, unknown>;
  readonly writeJson: (record: JsonObject) => Record<string, unknown>;
}

const forms = {} as Record<FrameName, FrameForm>;
const formOfCode: (FrameForm | undefined)[] = new Array(256).fill(undefined);
for (const name of Object.keys(frameCodes) as FrameName[]) {
  const node = parseSchema(frameSchemas[name]);
  invariant(node.kind === 'record', 'a frame is a record');
  const form: FrameForm = {
    name,
    type: frameType(frameSchemas[name], node),
    check: compileAvroCheck(node),
    readJson: compileJsonReader(node),
    writeJson: compileJsonWriter(node),
  };
  forms[name] = form;
  formOfCode[frameCodes[name]] = form;
}

export function isClientFrame(name: FrameName): name is ClientFrameName {
  return name in codes.client;
}

const malformed = (detail: string): ParleyError => new ParleyError('malformed_frame', { detail });

/** The Avro form. @throws Error if the body does not fit the schema: a defect of the caller. */
export function encodeFrame<N extends FrameName>(name: N, body: FrameTypes[N]): Buffer {
  const encoded = forms[name].type.toBuffer(body);
  const frame = Buffer.allocUnsafe(encoded.length + 1);
  frame[0] = frameCodes[name];
  encoded.copy(frame, 1);
  return frame;
}

/** The body shares no memory with `bytes`. @throws ParleyError `malformed_frame` on anything but exactly one frame. */
export function decodeFrame(bytes: Buffer): Frame {
  const form = bytes.length > 0 ? formOfCode[bytes[0]!] : undefined;
  if (form === undefined) throw malformed('unknown frame code');
  const fault = form.check(bytes, 1);
  if (fault !== null) throw malformed(`${form.name}: ${fault}`);
  return { name: form.name, body: form.type.fromBuffer(bytes.subarray(1)) } as Frame;
}

/** Only the name of an encoded frame, without decoding it. */
export function frameNameOf(bytes: Buffer): FrameName {
  const form = bytes.length > 0 ? formOfCode[bytes[0]!] : undefined;
  if (form === undefined) throw malformed('unknown frame code');
  return form.name;
}

/** The JSON form of a frame. */
export function encodeJsonFrame<N extends FrameName>(name: N, body: FrameTypes[N]): string {
  return JSON.stringify({ frame: name, ...forms[name].writeJson(body as unknown as JsonObject) });
}

/** The JSON form of a frame that is at hand in its Avro form. */
export function toJsonFrame(bytes: Buffer): string {
  const { name, body } = decodeFrame(bytes);
  return encodeJsonFrame(name, body);
}

/** @throws ParleyError `malformed_frame` on anything but exactly one frame. */
export function decodeJsonFrame(text: string): Frame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw malformed('not a JSON object');
  const { frame, ...members } = value as { frame?: unknown };
  if (typeof frame !== 'string' || !Object.hasOwn(forms, frame)) throw malformed('unknown frame');
  const form = forms[frame as FrameName];
  try {
    return { name: form.name, body: form.readJson(members) } as unknown as Frame;
  } catch (error) {
    if (error instanceof JsonFormError) throw malformed(`${form.name}: ${error.message}`);
    throw error;
  }
}
