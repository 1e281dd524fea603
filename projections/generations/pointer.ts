/**
 * Which generation of the projections is read, and which are written.
 *
 * A generation is a full set of the projections that are derived from the log: messages, members, inbox, receipts and fold states.
 * The pointer is one small record outside of all of them. Only an operator's command writes it, one step at a time; every process
 * reads it all the time (lease.ts).
 */
import { invariant } from '@parley/schemas/errors/invariant';
import { ParleyError } from '@parley/schemas/errors/parley-error';

/** g1, g2, …: the first is what a cell begins with. */
export type Generation = string;

export interface ProjectionPointer {
  /** Grows by 1 with every change; 0 where nobody ever changed it. */
  readonly version: number;
  readonly read: Generation;
  /** `read` and perhaps others. */
  readonly write: readonly Generation[];
  /** Those of `write` that lack nothing: any of them may be read. */
  readonly complete: readonly Generation[];
  /** When the last change was made: until it has settled (lease.ts), some may still go by the one before. */
  readonly movedAtMs: number;
}

export const firstGeneration: Generation = 'g1';

export const firstPointer: ProjectionPointer = {
  version: 0,
  read: firstGeneration,
  write: [firstGeneration],
  complete: [firstGeneration],
  movedAtMs: 0,
};

export interface PointerStore {
  /** `firstPointer` where there is none. */
  read(): Promise<ProjectionPointer>;
  /** Where it can be read in the same turn. */
  readNow?(): ProjectionPointer;
  /** Durable, and seen by every later read, when it resolves. @throws ParleyError `conflict` if it is not the next version */
  write(pointer: ProjectionPointer): Promise<void>;
  close(): Promise<void>;
}

export function isGeneration(name: string): boolean {
  return /^g[1-9][0-9]{0,3}$/.test(name);
}

/** The name after all of those that are in use. */
export function nextGeneration({ write }: ProjectionPointer): Generation {
  return `g${Math.max(...write.map((name) => Number(name.slice(1)))) + 1}`;
}

/** From now on every write goes to this generation too; it lacks what came before. */
export function writingAlso(pointer: ProjectionPointer, generation: Generation): ProjectionPointer {
  invariant(isGeneration(generation), 'a generation has the name of one');
  if (pointer.write.includes(generation)) return pointer;
  return checked({ ...pointer, version: pointer.version + 1, write: [...pointer.write, generation] });
}

/** What came before was written into it as well. */
export function completed(pointer: ProjectionPointer, generation: Generation): ProjectionPointer {
  if (pointer.complete.includes(generation)) return pointer;
  return checked({ ...pointer, version: pointer.version + 1, complete: [...pointer.complete, generation] });
}

/** @throws ParleyError `conflict` if the generation lacks something */
export function reading(pointer: ProjectionPointer, generation: Generation): ProjectionPointer {
  if (!pointer.complete.includes(generation))
    throw new ParleyError('conflict', { detail: `${generation} is not complete` });
  return checked({ ...pointer, version: pointer.version + 1, read: generation });
}

/** @throws ParleyError `conflict` if it is being read */
export function writingNoMore(pointer: ProjectionPointer, generation: Generation): ProjectionPointer {
  if (pointer.read === generation) throw new ParleyError('conflict', { detail: `${generation} is being read` });
  const without = (names: readonly Generation[]): Generation[] => names.filter((name) => name !== generation);
  return checked({
    ...pointer,
    version: pointer.version + 1,
    write: without(pointer.write),
    complete: without(pointer.complete),
  });
}

/** @throws ParleyError `internal` for what no command writes: better to stop than to write somewhere */
export function checked(pointer: ProjectionPointer): ProjectionPointer {
  const { version, read, write, complete, movedAtMs } = pointer;
  const isSound =
    [version, movedAtMs].every((number) => Number.isSafeInteger(number) && number >= 0) &&
    write.every(isGeneration) &&
    new Set(write).size === write.length &&
    complete.every((name) => write.includes(name)) &&
    complete.includes(read);
  if (!isSound) throw new ParleyError('internal', { detail: 'the projection pointer is damaged' });
  return pointer;
}

/** The same record, written by the command, as text. */
export function encodePointer(pointer: ProjectionPointer): string {
  return JSON.stringify(pointer);
}

/** @throws ParleyError `internal` for anything else */
export function decodePointer(text: string): ProjectionPointer {
  try {
    const { version, read, write, complete, movedAtMs } = JSON.parse(text) as ProjectionPointer;
    return checked({ version, read, write, complete, movedAtMs });
  } catch (error) {
    if (error instanceof ParleyError) throw error;
    throw new ParleyError('internal', { detail: 'the projection pointer is damaged', cause: error });
  }
}

export function checkSuccessor(current: ProjectionPointer, next: ProjectionPointer): void {
  if (next.version === current.version + 1) return;
  throw new ParleyError('conflict', { detail: `the projection pointer has version ${current.version} by now` });
}
