import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryPresenceStore } from '@parley/projections/presence/store.memory';
import { MemorySessionStore } from '@parley/projections/sessions/store.memory';
import { systemClock, systemRandom, systemTimers } from '@parley/schemas/environment/system';
import { InProcessLink } from '@parley/streams/delivery/link.in-process';
import { PushJobQueue } from '@parley/streams/push/push-jobs';
import { MemoryDataKeys } from '@parley/streams/sealing/data-keys.fixture';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, expect, it } from 'vitest';
import { codec, FakeLog } from '../fixtures/log.fixture.ts';
import { FakePrivacy } from '../fixtures/privacy.fixture.ts';
import { FakeStores } from '../fixtures/stores.fixture.ts';
import { createGateway } from '../gateway.ts';
import { defaultGatewaySettings } from '../settings.ts';

const crowds: ChildProcess[] = [];

function gather(address: string, prefix: string, count: number): Promise<void> {
  const program = fileURLToPath(new URL('../fixtures/crowd.fixture.mjs', import.meta.url));
  const crowd = fork(program, [address, JSON.stringify({ prefix, count })], { execArgv: [] });
  crowds.push(crowd);
  return new Promise((resolve, reject) => {
    crowd.once('message', () => resolve());
    crowd.once('exit', (code) => reject(new Error(`the crowd ended with ${code}`)));
  });
}

/** What the process holds: resident pages, after everything unused was given back. */
function residentBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage.rss();
}

/** A user id from a number. */
const uuidOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

afterAll(() => {
  for (const crowd of crowds) crowd.kill('SIGKILL');
});

it('an idle connection costs at most 10 KB, with the session and lease that an embedded profile keeps beside it', {
  timeout: 60_000,
}, async () => {
  const log = new FakeLog();
  const stores = new FakeStores();
  const sessions = new MemorySessionStore({ clock: systemClock });
  let users = 0;
  const gateway = await createGateway(
    {
      ...{ log, codec, presence: new MemoryPresenceStore(), members: stores, messages: stores, history: stores },
      ...{ sessions, revocations: sessions.revocations },
      ...{ inbox: stores.inbox, receipts: stores.receipts, users: stores.users, limiter: { take: () => 0 } },
      tokens: {
        verify: async () => ({ userId: uuidOf(users), deviceId: uuidOf(1e9 + users++), expiresAtMs: Date.now() + 1e9 }),
      },
      dataKeys: new MemoryDataKeys(systemClock),
      pushJobs: new PushJobQueue({ log, codec, clock: systemClock }),
      ...{ privacy: new FakePrivacy().cached(systemClock), link: new InProcessLink() },
      ...{ clock: systemClock, timers: systemTimers, random: systemRandom },
      ...{ logger: pino({ level: 'silent' }), metrics: new Registry() },
    },
    defaultGatewaySettings('gateway-1'),
  );
  const address = `ws://127.0.0.1:${await gateway.listen(0)}/v1/connect`;
  await gather(address, 'a', 500);
  log.records.length = 0;
  const before = residentBytes();
  const count = 4_000;
  await gather(address, 'b', count);
  log.records.length = 0;
  const each = (residentBytes() - before) / count;
  console.log(`an idle connection: ${Math.round(each)} bytes`);
  expect(each).toBeLessThan(10_000);
  await gateway.close();
});
