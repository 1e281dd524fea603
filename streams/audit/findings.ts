/** What an audit found to be different, each by its place; the list is bounded, the count is not. */
export interface Finding {
  readonly topic: string;
  readonly partition: number;
  /** Where it was sealed; for an added record where it stands. */
  readonly offset: number;
  readonly what: 'changed' | 'removed' | 'added' | 'reordered' | 'renumbered' | 'unanchored';
  /** In one sentence. */
  readonly detail: string;
  /** Where a reordered record stands now. */
  readonly now_at?: number;
}

export const maxListedFindings = 100;

export class Findings {
  readonly listed: Finding[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(finding: Finding): void {
    this.#count += 1;
    if (this.listed.length < maxListedFindings) this.listed.push(finding);
  }
}
