import type { CqlSession } from '@parley/projections/cql/connection';
import { openCqlProjections } from '@parley/projections/cql/projections';
import { foldStateStoreContract } from '@parley/projections/fold-state/store.contract';
import { CqlFoldStateStore } from '@parley/projections/fold-state/store.cql';
import { inboxStoreContract } from '@parley/projections/inbox/store.contract';
import { CqlInboxStore } from '@parley/projections/inbox/store.cql';
import { memberStoreContract } from '@parley/projections/members/store.contract';
import { CqlMemberStore } from '@parley/projections/members/store.cql';
import { messageStoreContract } from '@parley/projections/messages/store.contract';
import { CqlMessageStore } from '@parley/projections/messages/store.cql';
import { projectorsContract } from '@parley/projections/projectors.contract';
import { receiptStoreContract } from '@parley/projections/receipts/store.contract';
import { CqlReceiptStore } from '@parley/projections/receipts/store.cql';
import { StoreWrites } from '@parley/projections/store-writes';
import type { Clock } from '@parley/schemas/environment/clock';
import { systemClock } from '@parley/schemas/environment/system';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { CqlEngine } from './cql-engine.ts';

/** The engine without a network in between. */
function sessionOn(clock: Clock): CqlSession {
  const engine = new CqlEngine(clock);
  return {
    read: async (statement, limit) => engine.read(statement, limit),
    write: async (statements) => engine.write(statements),
    close: async () => undefined,
  };
}

const writes = () => new StoreWrites(new Registry());
const close = async () => undefined;

messageStoreContract('simulated', async () => ({
  store: new CqlMessageStore(sessionOn(systemClock), writes(), systemClock),
  close,
}));
memberStoreContract('simulated', async () => ({ store: new CqlMemberStore(sessionOn(systemClock), writes()), close }));
inboxStoreContract('simulated', async () => ({
  store: new CqlInboxStore(sessionOn(systemClock), writes(), systemClock),
  close,
}));
foldStateStoreContract('simulated', async () => ({
  store: new CqlFoldStateStore(sessionOn(systemClock), writes()),
  close,
}));
receiptStoreContract('simulated', async (clock) => ({
  store: new CqlReceiptStore(sessionOn(clock), writes(), clock),
  close,
}));
projectorsContract('simulated', async () => {
  const metrics = new Registry();
  return { projections: openCqlProjections(sessionOn(systemClock), { clock: systemClock, metrics }), metrics, close };
});

describe('the simulated CQL engine', () => {
  it('rule 8: refuses a write that does not carry its timestamp', () => {
    const engine = new CqlEngine(systemClock);
    const insert = 'INSERT INTO fold_states (conversation_id, snapshot, log_offset) VALUES (?, ?, ?)';
    expect(() => engine.write([{ query: insert, params: ['x', Buffer.alloc(0), 1] }])).toThrow('rule 8');
    const update = 'UPDATE inbox SET read_seq = ? WHERE user_id = ? AND conversation_id = ?';
    expect(() => engine.write([{ query: update, params: [1, 'u', 'c'] }])).toThrow('rule 8');
  });
});
