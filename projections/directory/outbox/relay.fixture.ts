/** A log that a test lets fail in every way that a log can, and what it holds. */
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import type { Append } from '@parley/streams/log/log';

export const codec = new EventCodec(new EmbeddedSchemas());

/** `lost`: it is not in the log; `doubtful`: it is, and the answer says otherwise; `silent`: it is not, and nobody says so. */
export type Fate = 'taken' | 'lost' | 'doubtful' | 'silent' | 'late';

export interface Held {
  readonly conversationId: string;
  readonly version: number;
}

export class FailingLog {
  readonly held: Held[] = [];
  /** Asked for every record. */
  fate: (held: Held) => Fate = () => 'taken';
  /** Puts in what came late. */
  readonly late: (() => void)[] = [];

  append(record: Append): void {
    const { event } = codec.decode(record.value);
    const { conversation_id, directory_version } = event as { conversation_id: string; directory_version: number };
    const held = { conversationId: record.key, version: directory_version };
    if (record.key !== conversation_id) throw new Error('a record lies under the key of its conversation');
    const fate = this.fate(held);
    if (fate === 'late') this.late.push(() => this.held.push(held));
    if (fate === 'taken' || fate === 'doubtful') this.held.push(held);
    if (fate === 'silent' || fate === 'late') return;
    queueMicrotask(() => {
      if (fate === 'taken') record.appended(0, this.held.length);
      else record.failed(new ParleyError('log_unavailable'));
    });
  }

  /** As the fold applies them: last + 1 advances, lower is ignored, higher would stop the partition. */
  applied(conversationId: string): number[] {
    const versions: number[] = [];
    for (const held of this.held) {
      if (held.conversationId !== conversationId || held.version <= versions.length) continue;
      if (held.version > versions.length + 1) throw new Error(`gap: ${held.version} after ${versions.length}`);
      versions.push(held.version);
    }
    return versions;
  }
}
