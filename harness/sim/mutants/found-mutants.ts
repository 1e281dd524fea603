/** Defects that the simulator has found, put back one by one. */
import type { Mutant } from './mutant.ts';

export const foundMutants: readonly Mutant[] = [
  {
    name: 'a refusal is told only to the application that sent the message, not to the one that runs by then',
    rule: 1,
    file: 'clients/sdk/sending.ts',
    find: 'if (pending !== undefined) this.#port.refused(pending, code);',
    replace: '',
  },
  {
    name: 'a page that a slow line does not bring in time is asked for as large again',
    rule: 13,
    file: 'clients/sdk/page-size.ts',
    find: 'if (isLate) this.#entries',
    replace: 'if (isLate && limit < 0) this.#entries',
  },
  {
    name: 'a sync fails for ever once its user was removed from a group that owes receipts',
    rule: 9,
    file: 'clients/sdk/receipts.ts',
    find: "if (!hasCode(error, 'not_found')) throw error;",
    replace: 'throw error;',
  },
  {
    name: 'a read of an old message undoes what was read on an earlier connection',
    rule: 18,
    file: 'apps/gateway/frames/receipts.ts',
    find: '(projectedSeq > 0 && seq >= projectedSeq)',
    replace: 'seq >= projectedSeq',
  },
  {
    name: 'a page that was not full undoes the halving of a full one that came too late',
    rule: 13,
    file: 'clients/sdk/page-size.ts',
    find: 'if (isFull(answer)) this.#entries',
    replace: 'if (isFull(answer) || limit > 0) this.#entries',
  },
  {
    name: 'what was said into the void is not said again once it took long to notice',
    rule: 18,
    file: 'clients/sdk/client.ts',
    find: 'Math.min(this.#doubtSinceMs, this.#connection.heardAtMs)',
    replace: 'this.#options.clock.nowMs()',
  },
  {
    name: 'an id that a full disk did not let go is sent once more by the next application',
    rule: 1,
    file: 'clients/sdk/outbox.ts',
    find: 'this.#change(pending, { messageId: old, transmitted, appended, verifying });',
    replace: '',
  },
];
