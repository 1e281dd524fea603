import { expect, it } from 'vitest';
import type { CqlSession, CqlStatement } from './connection.ts';
import { PartitionWrites } from './partition-writes.ts';

function recording(fail: (query: string) => boolean = () => false) {
  const batches: string[][] = [];
  const session: CqlSession = {
    read: async () => [],
    write: async (statements) => {
      await new Promise(setImmediate);
      if (fail(statements[0]!.query)) throw new Error(statements[0]!.query);
      batches.push(statements.map(({ query }) => query));
    },
    close: async () => undefined,
  };
  return { session, batches };
}

const statement = (query: string): CqlStatement[] => [{ query, params: [] }];

it('sends what belongs to one partition as one mutation, and cuts it by count and by size, in order', async () => {
  const { session, batches } = recording();
  const writes = new PartitionWrites();
  for (let i = 0; i < 250; i++) writes.add('a', statement(`a${i}`), 10);
  writes.add('b', statement('b0'), 20_000);
  writes.add('b', statement('b1'), 20_000);
  writes.add('c', statement('c0'), 1_000_000);
  expect(writes.mutations).toBe(6);
  await writes.send(session);
  const of = (partition: string) => batches.filter(([first]) => first!.startsWith(partition));
  expect(of('a').map((batch) => batch.length)).toEqual([100, 100, 50]);
  expect(of('a').flat()).toEqual(Array.from({ length: 250 }, (_, i) => `a${i}`));
  expect(of('b')).toEqual([['b0'], ['b1']]);
  expect(of('c')).toEqual([['c0']]);
});

it('waits for everything that is on its way before it fails, and leaves out what should have come after a failure', async () => {
  const { session, batches } = recording((query) => query === 'b0');
  const writes = new PartitionWrites();
  writes.add('b', statement('b0'), 30_000);
  writes.add('b', statement('b1'), 30_000);
  for (let i = 0; i < 3; i++) writes.add('a', statement(`a${i}`), 30_000);
  await expect(writes.send(session)).rejects.toThrow('b0');
  expect(batches).toEqual([['a0'], ['a1'], ['a2']]);
});
