/** More defects of receipts: rule 18. */
import type { Mutant } from './mutant.ts';

export const receiptMutants: readonly Mutant[] = [
  {
    name: 'a receipt is taken for what there is not',
    rule: 18,
    file: 'apps/gateway/frames/receipts.ts',
    find: "if (seq > mark.projectedSeq) throw new ParleyError('invalid_request', { detail: 'seq is not projected yet' });",
    replace: '',
  },
  {
    name: 'the receipt of a stranger is taken',
    rule: 18,
    file: 'apps/gateway/frames/receipts.ts',
    find: "if (entry === null) throw new ParleyError('not_a_member');",
    replace: 'if (entry === null) return this.#takeDelivered(connection, mark, seq);',
  },
  {
    name: 'a lower receipt follows a higher one',
    rule: 18,
    file: 'apps/gateway/frames/receipts.ts',
    find: 'if (seq > watermark.saidSeq) this.#on.log.advance(',
    replace: 'this.#on.log.advance(',
  },
  {
    name: 'a receipt that the log refused is forgotten',
    rule: 18,
    file: 'apps/gateway/frames/receipt-log.ts',
    find: 'if (watermark.saidSeq > receipt.seq) return;',
    replace: 'return;',
  },
  {
    name: 'in a group one member is enough for two ticks',
    rule: 18,
    file: 'clients/sdk/receipts.ts',
    find: 'Math.min(...others.map((member) => Math.max(seqOf(member), member.joined_seq - 1)))',
    replace: 'Math.max(...others.map((member) => Math.max(seqOf(member), member.joined_seq - 1)))',
  },
];
