/** Generations in the folder of a standalone process, which may be running: what it has opened is joined as a guest or a reader. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { firstGeneration, type Generation, isGeneration } from '@parley/projections/generations/pointer';
import { EmbeddedPointerStore, generationFolder } from '@parley/projections/generations/pointer.embedded';
import { LmdbRebuildStore } from '@parley/projections/generations/rebuild-store.lmdb';
import { type EnvRole, openProjectionEnv, type ProjectionEnv } from '@parley/projections/lmdb/env';
import { type EmbeddedProjections, projectionsIn } from '@parley/projections/lmdb/projections';
import { LmdbScan } from '@parley/projections/scan/scan.lmdb';
import { StoreWrites } from '@parley/projections/store-writes';
import type { Clock } from '@parley/schemas/environment/clock';
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { CheckpointStore } from '@parley/streams/log/log';
import { Registry } from 'prom-client';
import type { FilledGeneration, FillOptions, GenerationAccess, OpenedGeneration } from './access.ts';

interface Opened {
  readonly env: ProjectionEnv;
  readonly opened: OpenedGeneration & { readonly projections: EmbeddedProjections };
}

export class EmbeddedGenerationAccess implements GenerationAccess {
  readonly pointer: EmbeddedPointerStore;
  readonly #dataDir: string;
  readonly #clock: Clock;
  /** One for each environment: LMDB does not let a process open one twice. */
  readonly #readers = new Map<Generation, Opened>();
  readonly #filled = new Map<Generation, Opened>();

  constructor(dataDir: string, clock: Clock) {
    this.pointer = new EmbeddedPointerStore(dataDir);
    this.#dataDir = dataDir;
    this.#clock = clock;
  }

  /** Stays open until it is filled, or all of this is closed. */
  async look(generation: Generation): Promise<OpenedGeneration> {
    const known = this.#filled.get(generation) ?? this.#readers.get(generation);
    if (known !== undefined) return known.opened;
    const reader = this.#open(generation, 'reader');
    this.#readers.set(generation, reader);
    return reader.opened;
  }

  async fill(generation: Generation, { isShared }: FillOptions): Promise<FilledGeneration> {
    await this.#closeReader(generation);
    const filled = this.#open(generation, isShared ? 'guest' : 'owner');
    this.#filled.set(generation, filled);
    const close = async (): Promise<void> => {
      this.#filled.delete(generation);
      await filled.env.close();
    };
    return {
      ...filled.opened,
      rebuild: new LmdbRebuildStore(filled.env, new StoreWrites(new Registry())),
      takeCheckpoints: async () => {
        const live = this.#openedOf(this.pointer.readNow().read);
        await filled.opened.projections.checkpoints.raise(live.checkpoints.all());
      },
      close,
    };
  }

  /** The committed offsets of groups, as the generation that is read has them now. */
  readonly checkpoints: Pick<CheckpointStore, 'load'> = {
    load: (...place) => this.#openedOf(this.pointer.readNow().read).checkpoints.load(...place),
  };

  /** What this process has open of a generation; a reader where it has nothing yet. */
  #openedOf(generation: Generation): EmbeddedProjections {
    const known = this.#filled.get(generation) ?? this.#readers.get(generation);
    if (known !== undefined) return known.opened.projections;
    const reader = this.#open(generation, 'reader');
    this.#readers.set(generation, reader);
    return reader.opened.projections;
  }

  async positions(
    generation: Generation,
  ): Promise<Awaited<ReturnType<FilledGeneration['rebuild']['positions']>> | null> {
    if (!this.#exists(generation)) return null;
    await this.#closeReader(generation);
    const env = openProjectionEnv({ path: generationFolder(this.#dataDir, generation), role: 'reader' });
    try {
      return await new LmdbRebuildStore(env, new StoreWrites(new Registry())).positions();
    } catch (error) {
      if (error instanceof ParleyError && error.code === 'not_found') return null;
      throw error;
    } finally {
      await env.close();
    }
  }

  async drop(generation: Generation): Promise<void> {
    rmSync(generationFolder(this.#dataDir, generation), { recursive: true, force: true });
  }

  async list(): Promise<readonly Generation[]> {
    const named = readdirSync(this.#dataDir).flatMap((name) => /^projections-(g\d+)$/.exec(name)?.[1] ?? []);
    return [firstGeneration, ...named].filter((name) => isGeneration(name) && this.#exists(name));
  }

  async close(): Promise<void> {
    for (const generation of [...this.#readers.keys()]) await this.#closeReader(generation);
    await this.pointer.close();
  }

  async #closeReader(generation: Generation): Promise<void> {
    const reader = this.#readers.get(generation);
    this.#readers.delete(generation);
    await reader?.env.close();
  }

  #exists(generation: Generation): boolean {
    return existsSync(join(generationFolder(this.#dataDir, generation), 'data.mdb'));
  }

  #open(generation: Generation, role: EnvRole): Opened {
    if (role !== 'owner' && !this.#exists(generation))
      throw new ParleyError('not_found', { detail: `no generation ${generation}` });
    const env = openProjectionEnv({ path: generationFolder(this.#dataDir, generation), role });
    const projections = projectionsIn(env, { clock: this.#clock, metrics: new Registry() });
    return { env, opened: { generation, projections, scan: new LmdbScan(env, this.#clock) } };
  }
}
