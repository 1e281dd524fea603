import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CqlStatement } from './connection.ts';
import { defaultWriteLimits, WriteAccumulator } from './write-accumulator.ts';

/** Requests that stay on their way until they are answered. */
class Engine {
  readonly requests: Array<{ readonly queries: readonly string[]; readonly answer: (error?: Error) => void }> = [];

  readonly send = (statements: readonly CqlStatement[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const queries = statements.map(({ query }) => query);
      this.requests.push({ queries, answer: (error) => (error === undefined ? resolve() : reject(error)) });
    });

  get sent(): Array<readonly string[]> {
    return this.requests.map(({ queries }) => queries);
  }
}

const statements = (...queries: string[]): CqlStatement[] => queries.map((query) => ({ query, params: [] }));
const turn = () => new Promise(setImmediate);

it('sends at once what is written in one turn, together, and lets what comes while all requests are on their way share the next', async () => {
  const engine = new Engine();
  const writes = new WriteAccumulator(engine.send, { ...defaultWriteLimits, maxRequests: 1 });
  const first = [writes.write(statements('a'), 1), writes.write(statements('b1', 'b2'), 1)];
  await turn();
  expect(engine.sent).toEqual([['a', 'b1', 'b2']]);
  const later = [writes.write(statements('c'), 1)];
  await turn();
  later.push(writes.write(statements('d'), 1));
  await turn();
  expect(engine.requests).toHaveLength(1);
  engine.requests[0]!.answer();
  await Promise.all(first);
  await turn();
  expect(engine.sent.slice(1)).toEqual([['c', 'd']]);
  engine.requests[1]!.answer();
  await Promise.all(later);
});

it('keeps a request within partitions, statements and bytes, and sends alone what is too large for any', async () => {
  const engine = new Engine();
  const limits = { ...defaultWriteLimits, maxRequests: 100, maxPartitionsPerRequest: 3, maxStatementsPerRequest: 4 };
  const writes = new WriteAccumulator(engine.send, limits);
  for (const query of ['a', 'b', 'c', 'd']) void writes.write(statements(query), 1);
  void writes.write(statements('e1', 'e2', 'e3', 'e4'), 1);
  void writes.write(statements('f'), 40_000);
  void writes.write(statements('g'), 20_000);
  void writes.write(statements('h'), 20_000);
  await turn();
  expect(engine.sent).toEqual([['a', 'b', 'c'], ['d'], ['e1', 'e2', 'e3', 'e4'], ['f'], ['g'], ['h']]);
});

it('tells all who wrote by a request that failed, and nobody else', async () => {
  const engine = new Engine();
  const writes = new WriteAccumulator(engine.send, { ...defaultWriteLimits, maxPartitionsPerRequest: 2 });
  const told = ['a', 'b', 'c'].map((query) => writes.write(statements(query), 1).then(() => 'written', String));
  await turn();
  engine.requests[0]!.answer(new Error('down'));
  engine.requests[1]!.answer();
  expect(await Promise.all(told)).toEqual(['Error: down', 'Error: down', 'written']);
});

it('refuses what waits beyond its bound, and takes more once there is room', async () => {
  const engine = new Engine();
  const writes = new WriteAccumulator(engine.send, { ...defaultWriteLimits, maxRequests: 1, maxWaiting: 2 });
  const first = writes.write(statements('a'), 1);
  await turn();
  const waiting = [writes.write(statements('b'), 1), writes.write(statements('c'), 1)];
  await expect(writes.write(statements('d'), 1)).rejects.toMatchObject({ code: 'overloaded' });
  engine.requests[0]!.answer();
  await first;
  await turn();
  engine.requests[1]!.answer();
  await Promise.all(waiting);
  void writes.write(statements('e'), 1);
  await turn();
  expect(engine.sent.at(-1)).toEqual(['e']);
});

it('sends every write once, in order, in requests within the limits, whatever is answered when', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 0, max: 60 }) }), {
        maxLength: 60,
      }),
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.boolean()),
      async (sizes, maxRequests, pauses) => {
        const engine = new Engine();
        const limits = { maxRequests, maxPartitionsPerRequest: 4, maxStatementsPerRequest: 8, maxBytesPerRequest: 100 };
        const writes = new WriteAccumulator(engine.send, { ...limits, maxWaiting: 1_000 });
        const settled: Promise<void>[] = [];
        let answered = 0;
        for (const [index, { count, bytes }] of sizes.entries()) {
          const queries = Array.from({ length: count }, (_, part) => `${index}.${part}`);
          settled.push(writes.write(statements(...queries), bytes));
          if (pauses.next().value) await Promise.resolve();
          if (pauses.next().value && answered < engine.requests.length) engine.requests[answered++]!.answer();
          expect(engine.requests.length - answered).toBeLessThanOrEqual(maxRequests);
        }
        for (await turn(); answered < engine.requests.length; await turn()) engine.requests[answered++]!.answer();
        await Promise.all(settled);
        const expected = sizes.flatMap(({ count }, index) =>
          Array.from({ length: count }, (_, part) => `${index}.${part}`),
        );
        expect(engine.sent.flat()).toEqual(expected);
        for (const queries of engine.sent) {
          const parts = new Set(queries.map((query) => query.split('.')[0]));
          expect(parts.size).toBeLessThanOrEqual(4);
          expect(queries.length <= 8 || parts.size === 1).toBe(true);
        }
      },
    ),
  );
});
