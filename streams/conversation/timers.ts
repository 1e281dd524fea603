/** The disappearing timers that a conversation may have (design section 1): off, 24 hours, 7 days, 90 days. */
const daySeconds = 86_400;

export const timersSeconds: readonly number[] = [0, daySeconds, 7 * daySeconds, 90 * daySeconds];

/** With a short one more, to see messages disappear while developing; 0: none. */
export function timersWith(extraSeconds: number): readonly number[] {
  return extraSeconds === 0 ? timersSeconds : [...timersSeconds, extraSeconds];
}
