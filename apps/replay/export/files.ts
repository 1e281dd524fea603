/** The sinks of an export: JSON lines into a stream or a file, Parquet into a file. A file appears under its name when it is complete. */
import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync, type WriteStream } from 'node:fs';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import { fileWriter, ParquetWriter, type SchemaElement, schemaFromColumnData } from 'hyparquet-writer';
import type { DecodedRecord } from '../reading/decode-record.ts';
import { type Column, columnsOf } from './columns.ts';
import { jsonLine } from './json-lines.ts';
import type { ExportSink } from './sink.ts';

/** A row group is written when it has so many rows or so many bytes: what is held in memory. */
const maxGroupRows = 20_000;
const maxGroupBytes = 16_777_216;

/** @throws ParleyError `conflict` if the file is there and may not be replaced */
export function unfinishedPath(path: string, force: boolean): string {
  if (existsSync(path) && !force)
    throw new ParleyError('conflict', { detail: `${path} is there; --force replaces it` });
  return `${path}.unfinished`;
}

export function streamSink(stream: NodeJS.WritableStream): ExportSink {
  return {
    async write(records) {
      // One write for a batch: one for each line takes twice as long.
      const lines = records.map((record) => `${jsonLine(record)}\n`).join('');
      if (!stream.write(lines)) await once(stream, 'drain');
    },
    end: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  };
}

export function jsonLinesFile(path: string, force: boolean): ExportSink {
  const unfinished = unfinishedPath(path, force);
  const file: WriteStream = createWriteStream(unfinished);
  const close = (): Promise<void> =>
    new Promise((resolve, reject) => {
      file.once('error', reject);
      file.end(resolve);
    });
  return {
    write: streamSink(file).write,
    async end() {
      await close();
      renameSync(unfinished, path);
    },
    async abandon() {
      await close();
      rmSync(unfinished, { force: true });
    },
  };
}

export function parquetFile(path: string, topic: string, force: boolean): ExportSink {
  const unfinished = unfinishedPath(path, force);
  const columns = columnsOf(topic);
  const writer = new ParquetWriter({
    writer: fileWriter(unfinished),
    schema: schemaOf(columns),
    createdBy: 'parley replay export',
  });
  let rows: DecodedRecord[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (rows.length === 0) return;
    const columnData = columns.map(({ name, read }) => ({ name, data: rows.map(read) }));
    await writer.write({ columnData, rowGroupSize: rows.length });
    rows = [];
    bytes = 0;
  };
  return {
    async write(records) {
      for (const record of records) {
        rows.push(record);
        bytes += (record.record.value?.length ?? 0) + 200;
        if (rows.length >= maxGroupRows || bytes >= maxGroupBytes) await flush();
      }
    },
    async end() {
      await flush();
      await writer.finish();
      renameSync(unfinished, path);
    },
    abandon() {
      rmSync(unfinished, { force: true });
      return Promise.resolve();
    },
  };
}

/** From the columns' types alone, so that an empty file has them too. */
function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return schemaFromColumnData({
    columnData: columns.map(({ name, type, nullable }) => ({ name, data: [], type, nullable })),
  });
}
