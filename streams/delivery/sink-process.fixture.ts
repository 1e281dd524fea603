/** A gateway's sink in a process of its own, for tests that freeze and kill it: reports its port, then whom it was asked to resync. */
import { decodeFrame } from '@parley/schemas/codec/frame-codec';
import { systemClock } from '@parley/schemas/environment/system';
import { pino } from 'pino';
import type { DeliveryItem, Unreached } from './delivery.ts';
import { deliverySecret } from './delivery-token.ts';
import { startGrpcSink } from './sink.grpc.ts';

const resyncCode = 78;

const deliver = (items: readonly DeliveryItem[]): Unreached[] => {
  for (const { frame, targets } of items) {
    if (frame[0] !== resyncCode || decodeFrame(frame).name !== 'resync') continue;
    process.send?.({ resync: targets.map(({ deviceId }) => deviceId) });
  }
  return [];
};

const { port } = await startGrpcSink({
  host: '127.0.0.1',
  port: 0,
  sink: { deliver },
  secret: deliverySecret(process.argv[2]!),
  clock: systemClock,
  logger: pino({ level: 'silent' }),
});
process.send?.(port);
