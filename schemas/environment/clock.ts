/** Time as a parameter, so that the same code runs under a real clock, a skewed one and the simulator's. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** A timer that was set and can be taken back. */
export interface TimerHandle {
  cancel(): void;
}

/** Timers as a parameter. */
export interface Timers {
  after(delayMs: number, run: () => void): TimerHandle;
  every(intervalMs: number, run: () => void): TimerHandle;
}

/** Resolves after the delay, on the given timers. */
export function pause(timers: Timers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
}
