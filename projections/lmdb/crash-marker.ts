/**
 * Tells whether an unsynced store survived: it does survive the death of its process, but not that of its machine (design rule 11).
 *
 * A small synced file beside the store says under which boot of the machine the store was opened, and whether it was closed (and
 * synced) since. A store that was not closed and was opened under another boot may hold anything: it must not be used. Writes of a
 * process that died under this very boot are all in the page cache, in order.
 *
 * A second process that writes into the store of a running one is its guest and has a file of its own: when the owner closes, that
 * says nothing about what the guest goes on to write.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type Writer = 'owner' | 'guest';

const fileNames: Readonly<Record<Writer, string>> = { owner: 'opened.json', guest: 'guest.json' };

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

function readMarker(folder: string, writer: Writer): Marker | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder, fileNames[writer]), 'utf8'));
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
export function writeMarker(
  folder: string,
  bootId: string | null,
  layout: number,
  closed: boolean,
  writer: Writer = 'owner',
): void {
  const fileName = fileNames[writer];
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
  const marker = readMarker(folder, 'owner');
  if (marker === null || marker.layout !== layout) return 'lost';
  const vouched = [marker];
  if (existsSync(join(folder, fileNames.guest))) {
    const guest = readMarker(folder, 'guest');
    if (guest === null) return 'lost';
    vouched.push(guest);
  }
  const isVouched = (one: Marker): boolean => one.closed || (bootId !== null && one.bootId === bootId);
  return vouched.every(isVouched) ? 'sound' : 'lost';
}

/** The store is empty from now on: what a guest wrote into it is gone with it. */
export function forgetGuest(folder: string): void {
  rmSync(join(folder, fileNames.guest), { force: true });
}
