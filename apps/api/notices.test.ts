import { createLogger } from '@parley/runtime/logger';
import { encodeFrame } from '@parley/schemas/codec/frame-codec';
import type { ConnectionRef, DeliveryItem } from '@parley/streams/delivery/delivery';
import { InProcessLink } from '@parley/streams/delivery/link.in-process';
import { Router } from '@parley/streams/delivery/router';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Notices } from './notices.ts';

const frame = encodeFrame('resync', { reason: 'slow_device' });
const ann = { userId: 'ann', deviceId: 'phone', gatewayId: 'gateway-1', connectionId: 7 };

function makeNotices(lookup: () => Promise<(typeof ann)[][]>) {
  const delivered: DeliveryItem[] = [];
  const link = new InProcessLink();
  const deliver = (items: readonly DeliveryItem[]) => {
    delivered.push(...items);
    return [];
  };
  link.register('gateway-1', { deliver });
  const metrics = new Registry();
  const notices = new Notices({
    router: new Router({ lookup }, link),
    logger: createLogger('api', 'fatal'),
    metrics,
  });
  return { notices, delivered, metrics };
}

describe('notices', () => {
  it('reach the devices of a user wherever they are connected', async () => {
    const { notices, delivered } = makeNotices(async () => [[ann]]);
    const result = await notices.send([{ frame, userIds: ['ann'] }]);
    expect([...result!.reached[0]!]).toEqual(['ann/phone']);
    const target: ConnectionRef = { userId: 'ann', deviceId: 'phone', connectionId: 7 };
    expect(delivered).toEqual([{ frame, position: null, targets: [target] }]);
  });

  it('fail nothing when nobody can say who is online, and are counted', async () => {
    const { notices, metrics } = makeNotices(() => Promise.reject(new Error('redis is down')));
    expect(await notices.send([{ frame, userIds: ['ann'] }])).toBeNull();
    expect(await metrics.getSingleMetricAsString('parley_api_notices_lost_total')).toContain('_total 1');
  });
});
