/** What a user has deleted for themselves is hidden from them as what came before they joined: their intervals begin after it. */
import type { MembershipInterval } from '../members/store.ts';

/** An interval that lies below is left empty rather than out: its user was a member, and is told so. */
export function beyondCleared(
  intervals: readonly MembershipInterval[],
  clearedSeq: number,
): readonly MembershipInterval[] {
  if (clearedSeq === 0) return intervals;
  return intervals.map((one) => {
    const joinedSeq = Math.max(one.joinedSeq, clearedSeq + 1);
    return { ...one, joinedSeq: one.leftSeq === null ? joinedSeq : Math.min(joinedSeq, one.leftSeq) };
  });
}
