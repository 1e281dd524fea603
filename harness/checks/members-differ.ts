/** Once all is calm, a group has the members that the directory says (design rule 20). */
import type { Check } from './check.ts';

const listed = (userIds: readonly string[]): string => [...userIds].sort().join(', ');

export const membersDiffer: Check = {
  name: 'members_differ',
  means: 'Somebody who left a group is in it again, or somebody who was added never gets in.',
  invariants: [7],
  find({ groups = [] }) {
    return groups
      .filter(({ appointed, actual }) => listed(appointed) !== listed(actual))
      .map(
        ({ conversationId, appointed, actual }) =>
          `${conversationId} has ${listed(actual)}, the directory says ${listed(appointed)}`,
      );
  },
};
