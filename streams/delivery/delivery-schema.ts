/**
 * `delivery.proto` as a value, so that no file has to be found at run time; a test holds the two together.
 */
import type { MethodDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

const message = (fields: Record<string, [rule: 'one' | 'repeated', type: string, id: number]>) => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [rule, type, id]]) => [
      name,
      rule === 'repeated' ? { rule: 'repeated' as const, type, id } : { type, id },
    ]),
  ),
});

const v1 = {
  GatewayDelivery: {
    methods: {
      Deliver: { comment: '', requestType: 'Batch', requestStream: true, responseType: 'Taken', responseStream: true },
    },
  },
  Batch: message({
    id: ['one', 'uint64', 1],
    target_lists: ['repeated', 'TargetList', 2],
    items: ['repeated', 'Item', 3],
  }),
  TargetList: message({ targets: ['repeated', 'Target', 1] }),
  Target: message({
    user_id: ['one', 'string', 1],
    device_id: ['one', 'string', 2],
    connection_id: ['one', 'uint64', 3],
  }),
  Item: message({
    frame: ['one', 'bytes', 1],
    position: ['one', 'Position', 2],
    target_list: ['one', 'uint32', 3],
    watchers_of: ['one', 'string', 4],
    everyone: ['one', 'bool', 5],
  }),
  Position: message({
    conversation_id: ['one', 'string', 1],
    seq: ['one', 'uint64', 2],
    at_ms: ['one', 'uint64', 3],
  }),
  Taken: message({ id: ['one', 'uint64', 1], unreached: ['repeated', 'Missing', 2] }),
  Missing: message({ item: ['one', 'uint32', 1], target: ['one', 'uint32', 2] }),
};

export interface WireTarget {
  user_id: string;
  device_id: string;
  connection_id: number;
}

export interface WireItem {
  frame: Buffer;
  position: { conversation_id: string; seq: number; at_ms: number } | null;
  target_list: number;
  watchers_of: string;
  everyone: boolean;
}

export interface WireBatch {
  id: number;
  target_lists: { targets: WireTarget[] }[];
  items: WireItem[];
}

export interface WireTaken {
  id: number;
  unreached: { item: number; target: number }[];
}

/** Options of proto-loader under which messages have the shapes above. */
export const loaderOptions = { keepCase: true, longs: Number, defaults: true } as const;

export interface DeliveryService {
  readonly [method: string]: MethodDefinition<WireBatch, WireTaken>;
  readonly Deliver: MethodDefinition<WireBatch, WireTaken>;
}

/** The service as grpc-js takes it. */
export function deliveryService(): DeliveryService {
  const loaded = fromJSON(
    { nested: { parley: { nested: { delivery: { nested: { v1: { nested: v1 } } } } } } },
    loaderOptions,
  );
  return loaded['parley.delivery.v1.GatewayDelivery'] as unknown as DeliveryService;
}
