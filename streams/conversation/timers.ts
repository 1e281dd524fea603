/** The disappearing timers that a conversation may have (design section 1): off, 24 hours, 7 days, 90 days. */
const daySeconds = 86_400;

export const timersSeconds: readonly number[] = [0, daySeconds, 7 * daySeconds, 90 * daySeconds];

export function isTimer(seconds: number): boolean {
  return timersSeconds.includes(seconds);
}
