/** The generations of a cell's projections, as an operator's command handles them: without a lease, each by its name. */
import type { Generation, PointerStore } from '@parley/projections/generations/pointer';
import type { RebuildStore } from '@parley/projections/generations/rebuild-store';
import type { Projections } from '@parley/projections/projections';
import type { ProjectionScan } from '@parley/projections/scan/scan';

/** A generation that is only looked at. */
export interface OpenedGeneration {
  readonly generation: Generation;
  readonly projections: Projections;
  readonly scan: ProjectionScan;
}

/** A generation that a rebuild fills. */
export interface FilledGeneration extends OpenedGeneration {
  readonly rebuild: RebuildStore;
  /** Embedded groups keep their offsets in the generation: it takes over those of the one that is read. */
  takeCheckpoints(): Promise<void>;
  close(): Promise<void>;
}

export interface FillOptions {
  /** Processors write into it as well. */
  readonly isShared: boolean;
  /** Bound on the requests that are on their way to its store. */
  readonly maxInFlight: number;
}

export interface GenerationAccess {
  readonly pointer: PointerStore;
  /** Stays open until it is filled, or all of this is closed. @throws ParleyError `not_found` */
  look(generation: Generation): Promise<OpenedGeneration>;
  /** Makes what is missing of it. */
  fill(generation: Generation, options: FillOptions): Promise<FilledGeneration>;
  /** Where a rebuild of it is; null if nobody ever began one. */
  positions(generation: Generation): Promise<Awaited<ReturnType<RebuildStore['positions']>> | null>;
  /** With everything in it; nobody has it open any more. */
  drop(generation: Generation): Promise<void>;
  /** Those that exist, whether the pointer names them or not. */
  list(): Promise<readonly Generation[]>;
  close(): Promise<void>;
}
