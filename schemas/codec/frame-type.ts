/** Records of frames as Avro bytes: avsc, the quickest. Bundlers for browsers take frame-type.browser.ts instead (package.json). */
import avro from 'avsc';
import type { RecordNode } from './schema-node.ts';

export interface FrameType {
  /** @throws Error if the record does not fit the schema: a defect of the caller. */
  toBuffer(record: unknown): Buffer;
  /** Exactly one record, which `compileAvroCheck` has let pass. */
  fromBuffer(bytes: Buffer): unknown;
}

export function frameType(schema: unknown, _node: RecordNode): FrameType {
  return avro.Type.forSchema(schema as avro.Schema);
}
