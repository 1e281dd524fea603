/**
 * The projections, opened when they are first asked for: the API serves accounts without them, so it must not need them to start.
 * What fails to open is opened again for the next who asks.
 */
import type { Projections } from '@parley/projections/projections';
import { ParleyError } from '@parley/schemas/errors/parley-error';

export class ProjectionsWhenNeeded {
  readonly #open: () => Promise<Projections>;
  #opened: Promise<Projections> | null = null;
  #isClosed = false;

  constructor(open: () => Promise<Projections>) {
    this.#open = open;
  }

  /** @throws ParleyError `unavailable` */
  get(): Promise<Projections> {
    if (this.#isClosed) return Promise.reject(new ParleyError('unavailable', { detail: 'closed' }));
    this.#opened ??= this.#open().catch((cause: unknown) => {
      this.#opened = null;
      throw new ParleyError('unavailable', { detail: 'projections', cause });
    });
    return this.#opened;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = this.#opened;
    if (opened === null) return;
    // What failed to open was said to whoever asked for it.
    const [outcome] = await Promise.allSettled([opened]);
    if (outcome.status === 'fulfilled') await outcome.value.close();
  }
}
