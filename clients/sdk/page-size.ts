/**
 * How many entries a page is asked for: half as many after one that did not arrive in time, twice as many after a full one that did.
 *
 * A page that takes longer than its request may take is given up, and asked for again it would take as long: on a slow line a
 * device would never get past it. One entry always fits. A page that is not full says nothing of larger ones: a list of three
 * conversations comes in time on every line, and between two tries of a long page it must not undo the halving.
 */
import { hasCode } from '@parley/schemas/errors/parley-error';
import { noAnswerInTime } from './requests.ts';

export class PageSize {
  readonly #most: number;
  #entries: number;

  constructor(most: number) {
    this.#most = most;
    this.#entries = most;
  }

  /** Asks for a page with as many entries as it should have; `isFull` says whether more would have come. */
  async ask<Page>(page: (limit: number) => Promise<Page>, isFull: (page: Page) => boolean): Promise<Page> {
    const limit = this.#entries;
    try {
      const answer = await page(limit);
      if (isFull(answer)) this.#entries = Math.min(this.#most, Math.max(this.#entries, limit * 2));
      return answer;
    } catch (error) {
      const isLate = hasCode(error, 'unavailable') && error.detail === noAnswerInTime;
      if (isLate) this.#entries = Math.max(1, Math.min(this.#entries, Math.floor(limit / 2)));
      throw error;
    }
  }
}
