/**
 * Looks whether a disk has room before anything is written to it with LMDB.
 *
 * LMDB does not survive a full disk. What is written through a memory map has its place on the disk only when it is first touched, and
 * where there is none left the kernel ends the process by a signal that nobody can catch; and when a write of dirty pages fails, its
 * binding corrupts its own memory. So a commit is refused while less is free than many commits could take. The look costs a few
 * microseconds, once a commit. The log refuses first: what it has taken can still be projected.
 */
import { statfsSync } from 'node:fs';
import type { ErrorCode } from '@parley/schemas/errors/catalogue';
import { ParleyError } from '@parley/schemas/errors/parley-error';

/** Far more than one commit takes, so that nobody else can fill the rest between the look and the end of the commit. */
export const logReserveBytes = 96 << 20;
export const projectionReserveBytes = 64 << 20;
const retryAfterMs = 5_000;

export function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** @throws ParleyError of the code if too little is free */
export function assertRoom(freeBytes: number, reserveBytes: number, code: ErrorCode): void {
  if (freeBytes >= reserveBytes) return;
  throw new ParleyError(code, { detail: `the disk is full: ${freeBytes} bytes are free`, retryAfterMs });
}
