/** Randomness as a parameter: seeded in the simulator, the system's own in production. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}
