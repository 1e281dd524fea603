/** The folder of a standalone process that never ran: a log, and the generations that are derived from it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventCodec } from '@parley/schemas/codec/event-codec';
import { systemClock, systemTimers } from '@parley/schemas/environment/system';
import { EmbeddedSchemas } from '@parley/schemas/registry/embedded-schemas';
import { LmdbLog } from '@parley/streams/log/lmdb/lmdb-log';
import { openLmdbLogReader } from '@parley/streams/log/lmdb/log-reader';
import { topicSpecs } from '@parley/streams/log/topics';
import { pino } from 'pino';
import { replayOn } from '../generations/replay-command.ts';
import type { ReplayCell } from './replay-cell.ts';

const partitions = 12;
/** Receipts that later ones supersede stay in the log: every run reads the same records. */
const neverMs = 86_400_000;

export function embeddedReplayCell(): ReplayCell {
  const folder = mkdtempSync(join(tmpdir(), 'parley-replay-bench-'));
  const path = join(folder, 'log');
  return {
    codec: new EventCodec(new EmbeddedSchemas()),
    replay: replayOn(['--profile', 'embedded', '--data', folder], {}),
    async empty() {
      rmSync(path, { recursive: true, force: true });
    },
    async openWriter() {
      const log = await LmdbLog.open({
        ...{ path, clock: systemClock, timers: systemTimers, logger: pino({ level: 'silent' }) },
        checkpoints: { load: () => null, save: () => Promise.resolve() },
        purgeIntervalMs: neverMs,
      });
      await log.ensureTopics(topicSpecs(partitions));
      return log;
    },
    openReader: async () => openLmdbLogReader(path),
    async close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
