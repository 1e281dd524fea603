import { expect, it } from 'vitest';
import type { DeliverySink } from './delivery.ts';
import { connection, item, linkContract, RecordingSink } from './link.contract.ts';
import { InProcessLink } from './link.in-process.ts';

linkContract('in process', () => {
  const link = new InProcessLink();
  const sinks = new Map<string, DeliverySink>();
  return Promise.resolve({
    link,
    startGateway: (sink) => {
      const gatewayId = `gateway-${sinks.size}`;
      sinks.set(gatewayId, sink);
      link.register(gatewayId, sink);
      return Promise.resolve(gatewayId);
    },
    stopGateway: (gatewayId) => {
      link.unregister(gatewayId, sinks.get(gatewayId)!);
      return Promise.resolve();
    },
    close: () => link.close(),
  });
});

it('leaves a sink registered that took the place of the one unregistered', async () => {
  const link = new InProcessLink();
  const [first, second] = [new RecordingSink(), new RecordingSink()];
  link.register('gateway', first);
  link.register('gateway', second);
  link.unregister('gateway', first);
  expect(await link.deliver('gateway', [item('1', connection('a'))])).toEqual([]);
  expect(second.taken).toHaveLength(1);
});
