/**
 * What rule 22 says of a commit, told by other means than the fold: a list of the commits that were accepted, and which one comes next.
 */
import type { MlsHeader } from '@parley/schemas/generated/events';
import type { Accepted, Refused } from '@parley/streams/conversation/outcome';

export interface JudgedCommit {
  readonly seq: number;
  readonly generation: number;
  readonly epoch: number;
}

export class MlsJudge {
  /** Of the last commit, or of what opened a generation after it; 0: there was neither. */
  lastSeq = 0;
  /** All that were accepted, in order of seq. */
  readonly commits: JudgedCommit[] = [];
  readonly #isDirect: boolean;
  #generation = 0;
  #epoch = 0;
  #changedSeq = 0;

  /** @param isDirect in a 1:1 conversation a commit begins the next generation */
  constructor(isDirect: boolean) {
    this.#isDirect = isDirect;
  }

  get place(): string {
    return `${this.#generation}.${this.#epoch}`;
  }

  /** Null: that is as it should be. */
  fault(outcome: Accepted | Refused): string | null {
    const { mls } = outcome.sent;
    if (mls === null || mls.kind !== 'commit') return null;
    const isNext = this.#isNext(mls);
    const isInformed = mls.after_seq >= this.#changedSeq;
    if (outcome.kind === 'refused') {
      if (outcome.code === 'epoch_conflict' && isNext) return `is the first commit for ${this.place}`;
      return outcome.code === 'membership_stale' && isInformed ? 'knew of every change of members' : null;
    }
    if (!isNext) return `is a commit for ${mls.generation}.${mls.epoch}, and the group is at ${this.place}`;
    if (!isInformed) return `does not know of the change of members at ${this.#changedSeq}`;
    this.commits.push({ seq: outcome.seq, generation: mls.generation, epoch: mls.epoch });
    this.#generation = mls.generation;
    this.#epoch = mls.epoch + 1;
    this.lastSeq = outcome.seq;
    return null;
  }

  #isNext({ generation, epoch }: MlsHeader): boolean {
    if (this.#isDirect && epoch === 0 && this.#epoch > 0 && generation === this.#generation + 1) return true;
    return generation === this.#generation && epoch === this.#epoch;
  }

  /** Somebody joined or left, and it was told at the seq, or before the next one. */
  membersChanged(seq: number): void {
    this.#changedSeq = seq;
  }

  /** True: the generation ends. */
  isEnding(fromGeneration: number): boolean {
    return fromGeneration === this.#generation;
  }

  generationOpened(seq: number): void {
    this.#generation++;
    this.#epoch = 0;
    this.#changedSeq = seq;
    this.lastSeq = seq;
  }
}
