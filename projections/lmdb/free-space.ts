/**
 * Looks whether a disk has room before anything is written through a memory map.
 *
 * A mapped file is sparse: its pages get their place on the disk when they are first touched, and where there is none left the kernel
 * ends the process by a signal that nobody can catch. So a commit is refused while less is free than many commits could touch. The
 * look costs a few microseconds, once a commit.
 */
import { statfsSync } from 'node:fs';
import { ParleyError } from '@parley/schemas/errors/parley-error';

/** Far more than one commit touches, so that nobody else can fill the rest between the look and the end of the commit. */
export const reservedBytes = 64 << 20;
const retryAfterMs = 5_000;

export function freeBytesOf(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/** @throws ParleyError `unavailable` */
export function assertRoom(freeBytes: number): void {
  if (freeBytes >= reservedBytes) return;
  throw new ParleyError('unavailable', { detail: `the disk is full: ${freeBytes} bytes are free`, retryAfterMs });
}
