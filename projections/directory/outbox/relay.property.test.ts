import { VirtualTime } from '@parley/schemas/environment/virtual-time';
import fc from 'fast-check';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { MemoryOutbox } from './memory-outbox.fixture.ts';
import { type Death, Mortal } from './mortal.fixture.ts';
import { codec, FailingLog, type Fate } from './relay.fixture.ts';
import { OutboxRelay } from './relay.ts';

const conversations = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const troubleMs = 30_000;
const calmMs = 60_000;

interface Life {
  readonly startMs: number;
  readonly skewMs: number;
  readonly death: Death | null;
}

const life: fc.Arbitrary<Life> = fc.record({
  startMs: fc.nat(troubleMs),
  skewMs: fc.integer({ min: -5_000, max: 5_000 }),
  death: fc.option(fc.record({ atCall: fc.integer({ min: 1, max: 60 }), isDone: fc.boolean() })),
});
const fate: fc.Arbitrary<Fate> = fc.constantFrom('taken', 'taken', 'taken', 'lost', 'doubtful', 'silent', 'late');
const story = fc.record({
  commits: fc.array(fc.record({ atMs: fc.nat(troubleMs), to: fc.nat(1) }), { minLength: 1, maxLength: 25 }),
  lives: fc.array(life, { minLength: 2, maxLength: 6 }),
  forgotten: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 1, maxLength: 10 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 40 }),
  delays: fc.array(fc.nat(400), { minLength: 1, maxLength: 20 }),
});

function removal(conversationId: string, version: number) {
  const event = { conversation_id: conversationId, user_id: conversationId, removed_by: conversationId };
  return {
    version,
    eventName: 'member_removed',
    event: { ...event, directory_version: version, rules_version: 2 },
  } as const;
}

function turnThrough<T>(values: readonly T[]): () => T {
  let next = 0;
  return () => values[next++ % values.length]!;
}

it('rule 20: however relays die and the log fails, the log holds every version after all below it, and each is marked after', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ commits, lives, fates, delays, forgotten }) => {
      const time = new VirtualTime(1_700_000_000_000);
      const outbox = new MemoryOutbox();
      const log = new FailingLog();
      const versions = [0, 0];
      const [nextFate, delayMs] = [turnThrough(fates), turnThrough(delays)];
      log.fate = nextFate;
      outbox.forgets = turnThrough(forgotten);
      outbox.marking = (conversationId, version) => {
        const isHeld = log.held.some((held) => held.conversationId === conversationId && held.version === version);
        expect(isHeld, `version ${version} is in the log before it is marked`).toBe(true);
      };
      const relays: OutboxRelay[] = [];
      const start = ({ skewMs, death }: Omit<Life, 'startMs'>): void => {
        const process = new Mortal(time, death, delayMs);
        const relay = new OutboxRelay({
          outbox: process.outbox(outbox),
          log: process.log(log),
          codec,
          clock: { nowMs: () => time.nowMs() + skewMs },
          timers: process,
          random: { next: () => 0, bytes: (length) => new Uint8Array(length).fill(relays.length) },
          metrics: new Registry(),
          logger: pino({ level: 'silent' }),
        });
        relays.push(relay);
        relay.start();
      };
      for (const one of lives) time.after(one.startMs, () => start(one));
      for (const [index, { atMs, to }] of commits.entries()) {
        time.after(atMs, () => {
          outbox.commit(conversations[to]!, removal(conversations[to]!, ++versions[to]!), time.nowMs());
          // Whoever commits asks its own relay.
          if (relays.length > 0) void relays[index % relays.length]!.relay(conversations[to]!);
          for (const put of log.late.splice(0, index % 3)) put();
        });
      }
      await time.advance(troubleMs);
      log.fate = () => 'taken';
      start({ skewMs: 0, death: null });
      await time.advance(calmMs / 2);
      for (const put of log.late.splice(0)) put();
      await time.advance(calmMs / 2);
      for (const conversationId of conversations) {
        const committed = commits.filter(({ to }) => conversations[to] === conversationId).length;
        expect(log.applied(conversationId)).toEqual(Array.from({ length: committed }, (_, index) => index + 1));
      }
      expect((await outbox.backlog()).unsent).toBe(0);
    }),
    { numRuns: 300 },
  );
}, 120_000);
