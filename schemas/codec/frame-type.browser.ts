/** Records of frames as Avro bytes where no code may be generated at run time: a page with a Content-Security-Policy. */
import { compileAvroReader, compileAvroWriter } from './avro-form.ts';
import type { FrameType } from './frame-type.ts';
import type { RecordNode } from './schema-node.ts';

export function frameType(_schema: unknown, node: RecordNode): FrameType {
  const write = compileAvroWriter(node);
  return { toBuffer: (record) => write(record as Record<string, unknown>), fromBuffer: compileAvroReader(node) };
}
