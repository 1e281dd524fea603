/** What the admin API needs from its main. */
import type { Accounts } from '@parley/projections/directory/accounts';
import type { OperatorDesk } from '@parley/projections/directory/operator-desk';
import type { FoldStateStore } from '@parley/streams/processors/ports';
import type { Logger } from 'pino';
import type { Operators } from './operators.ts';

export interface AdminDependencies {
  readonly operators: Operators;
  readonly desk: OperatorDesk;
  readonly accounts: Pick<Accounts, 'ban' | 'unban' | 'revokeDevice' | 'reports'>;
  /** The saved states of conversations; rejects with `unavailable` while they can't be read. */
  readonly states: () => Promise<Pick<FoldStateStore, 'load'>>;
  readonly logger: Logger;
}
