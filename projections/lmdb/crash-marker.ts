/**
 * Tells whether an unsynced store survived: it does survive the death of its process, but not that of its machine (design rule 11).
 *
 * A small synced file beside the store says under which boot of the machine the store was opened, and whether it was closed (and
 * synced) since. A store that was not closed and was opened under another boot may hold anything: it must not be used. Writes of a
 * process that died under this very boot are all in the page cache, in order.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const fileName = 'opened.json';

export type Condition = 'absent' | 'sound' | 'lost';

interface Marker {
  readonly bootId: string;
  readonly closed: boolean;
  /** Layout of the rows inside; another one is not readable. */
  readonly layout: number;
}

/** The id that Linux draws at every boot; null where there is none, and then no store that was left open is trusted. */
export function machineBootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}

function isMarker(value: unknown): value is Marker {
  if (typeof value !== 'object' || value === null) return false;
  const marker = value as Partial<Marker>;
  return typeof marker.bootId === 'string' && typeof marker.closed === 'boolean' && typeof marker.layout === 'number';
}

function readMarker(folder: string): Marker | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, fileName), 'utf8'));
    return isMarker(value) ? value : null;
  } catch {
    return null; // Absent, or torn by the stop that it would have told of: both mean that nothing vouches for the store.
  }
}

export function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Replaces the marker; durable when it returns. */
export function writeMarker(folder: string, bootId: string | null, layout: number, closed: boolean): void {
  const temporary = join(folder, `${fileName}.new`);
  const handle = openSync(temporary, 'w');
  try {
    writeSync(handle, JSON.stringify({ bootId: bootId ?? '', closed, layout } satisfies Marker));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, join(folder, fileName));
  syncPath(folder);
}

/** What became of the store since it was last written. */
export function conditionOf(folder: string, bootId: string | null, layout: number, exists: boolean): Condition {
  if (!exists) return 'absent';
  const marker = readMarker(folder);
  if (marker === null || marker.layout !== layout) return 'lost';
  if (marker.closed) return 'sound';
  return bootId !== null && marker.bootId === bootId ? 'sound' : 'lost';
}
