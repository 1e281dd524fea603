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
    file: 'clients/sdk/client.ts',
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
];
