/** A deliberate defect: one text of one production file, replaced by another. */
export interface Mutant {
  readonly name: string;
  /** Of design section 3. */
  readonly rule: number;
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}
