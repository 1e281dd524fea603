import { expect, it } from 'vitest';
import { TestGateway } from './fixtures/gateway.fixture.ts';

it('rule 2: a gateway that was refused for its clock is ready again once it is not, without a connection', async () => {
  const gateway = new TestGateway();
  const { alice, bob } = await gateway.pair();
  gateway.log.failure = 'timestamp_ahead';
  alice.say('send', gateway.sendFrame(alice, bob));
  await gateway.settle();
  for (const device of [alice, bob]) device.vanish();
  await gateway.seconds(60);
  expect(gateway.core.isReady()).toBe(false);
  const before = gateway.log.records.length;
  gateway.log.failure = null;
  await gateway.seconds(6);
  expect(gateway.core.isReady()).toBe(true);
  expect(gateway.log.records).toHaveLength(before + 1);
  await gateway.seconds(60);
  expect(gateway.log.records).toHaveLength(before + 1);
});

it('probes once at a time while the log does not answer', async () => {
  const gateway = new TestGateway();
  gateway.log.refusal = 'log_unavailable';
  await gateway.seconds(12);
  gateway.log.refusal = null;
  expect(gateway.log.records).toEqual([]);
  expect(gateway.core.isReady()).toBe(true);
});
