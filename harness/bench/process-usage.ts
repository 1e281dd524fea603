/** What processes used, from /proc: CPU time and resident memory. Linux only: the benchmarks say so elsewhere. */
import { readFileSync } from 'node:fs';
import { processTree, residentKib } from '../services/processes.ts';

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerS = 100;

/** User and system time of the processes and their children so far, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids.flatMap((root) => processTree(root))) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerS;
}

/** User and system time of processes that this one started and that have ended, in seconds. */
export function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerS;
}

/** CPU time that all processes of the machine together used since its start, in seconds. */
export function machineCpuSeconds(): number {
  const fields = /^cpu\s+(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]!.split(' ').map(Number);
  const [user, nice, system, , , interrupts, softInterrupts] = fields;
  return (user! + nice! + system! + interrupts! + softInterrupts!) / ticksPerS;
}

export function residentBytes(pids: readonly number[]): number {
  return pids.flatMap((root) => processTree(root)).reduce((sum, pid) => sum + residentKib(pid), 0) * 1024;
}

export function residentMb(pids: readonly number[]): number {
  return Math.round(residentBytes(pids) / 2 ** 20);
}

/** Memory of the kernel for sockets: TCP buffers in use, and the slabs that hold sockets and their files. */
export function kernelSocketBytes(): number {
  const sockstat = readFileSync('/proc/net/sockstat', 'utf8');
  const pages = Number(/TCP: .* mem (\d+)/.exec(sockstat)?.[1] ?? 0);
  const slabKib = Number(/^Slab:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  return pages * 4096 + slabKib * 1024;
}

/** The machine that a figure comes from. */
export function machine(): { cpu: string; cores: number; memory_gib: number; node: string } {
  const info = readFileSync('/proc/cpuinfo', 'utf8');
  const totalKib = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(info)?.[1] ?? 'unknown',
    cores: [...info.matchAll(/^processor\s*:/gm)].length,
    memory_gib: Math.round(totalKib / 2 ** 20),
    node: process.version,
  };
}
