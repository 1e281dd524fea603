/**
 * Frames to whoever is online: one session look-up for a call, then one delivery for each gateway (design section 3, step 3).
 *
 * The distinct users of all routables are looked up in one round trip. For each distinct list of users (the same array object:
 * a processor passes a conversation's members again and again) the targets are laid out per gateway once; routables share those
 * arrays, the set of devices that are reached, and the frame's bytes, whatever the number of recipients. Only where `exceptDeviceId`
 * names a device of the list, the array of that device's gateway is copied; `onlyDeviceId` is one look-up. A target is
 * reached unless its gateway says, or the link has to assume, that it was not.
 */
import { type Counter, Registry } from 'prom-client';
import type {
  ConnectionRef,
  DeliveryItem,
  GatewayLink,
  Routable,
  RouteResult,
  SessionEntry,
  SessionLookup,
  Unreached,
} from './delivery.ts';
import { counterIn } from './link-metrics.ts';

/** How `RouteResult.reached` names a device. */
export function deviceKey(userId: string, deviceId: string): string {
  return `${userId}/${deviceId}`;
}

/** Where one device is connected. */
interface Place {
  readonly gatewayId: string;
  readonly target: ConnectionRef;
}

/** Where the users of one list are connected. */
interface Layout {
  readonly byGateway: ReadonlyMap<string, readonly ConnectionRef[]>;
  readonly places: ReadonlyMap<string, Place>;
  /** Every device of the list that has a session, also one that is left out: routables share the set. */
  readonly devices: ReadonlySet<string>;
  /** The same list without one device, by that device: a sender's messages of one batch share it. */
  readonly without: Map<string, Layout>;
}

/** What goes to one gateway, and which routable each item came from. */
interface GatewayDelivery {
  readonly items: DeliveryItem[];
  readonly origins: number[];
}

function layOut(userIds: readonly string[], sessions: ReadonlyMap<string, readonly SessionEntry[]>): Layout {
  const byGateway = new Map<string, ConnectionRef[]>();
  const places = new Map<string, Place>();
  const devices = new Set<string>();
  for (const userId of userIds) {
    for (const entry of sessions.get(userId) ?? []) {
      const key = deviceKey(userId, entry.deviceId);
      if (devices.has(key)) continue;
      devices.add(key);
      const target: ConnectionRef = { userId, deviceId: entry.deviceId, connectionId: entry.connectionId };
      places.set(entry.deviceId, { gatewayId: entry.gatewayId, target });
      const targets = byGateway.get(entry.gatewayId);
      if (targets === undefined) byGateway.set(entry.gatewayId, [target]);
      else targets.push(target);
    }
  }
  return { byGateway, places, devices, without: new Map() };
}

/** The layout as one routable sees it. */
function narrow(layout: Layout, { exceptDeviceId, onlyDeviceId }: Routable): Layout {
  if (onlyDeviceId !== undefined) return keepOnly(layout, onlyDeviceId === exceptDeviceId ? undefined : onlyDeviceId);
  if (exceptDeviceId === undefined) return layout;
  const gatewayId = layout.places.get(exceptDeviceId)?.gatewayId;
  if (gatewayId === undefined) return layout;
  let narrowed = layout.without.get(exceptDeviceId);
  if (narrowed === undefined) {
    narrowed = leaveOut(layout, exceptDeviceId, gatewayId);
    layout.without.set(exceptDeviceId, narrowed);
  }
  return narrowed;
}

function leaveOut(layout: Layout, deviceId: string, gatewayId: string): Layout {
  const byGateway = new Map(layout.byGateway);
  const kept = layout.byGateway.get(gatewayId)!.filter((target) => target.deviceId !== deviceId);
  if (kept.length === 0) byGateway.delete(gatewayId);
  else byGateway.set(gatewayId, kept);
  return { ...layout, byGateway };
}

function keepOnly(layout: Layout, deviceId: string | undefined): Layout {
  const place = deviceId === undefined ? undefined : layout.places.get(deviceId);
  if (place === undefined) return { ...layout, byGateway: new Map(), devices: new Set() };
  const { gatewayId, target } = place;
  const devices = new Set([deviceKey(target.userId, target.deviceId)]);
  return { ...layout, byGateway: new Map([[gatewayId, [target]]]), devices };
}

export class Router {
  readonly #sessions: SessionLookup;
  readonly #link: GatewayLink;
  readonly #deliveries: Counter;
  readonly #targets: Counter;
  readonly #unreached: Counter;

  constructor(sessions: SessionLookup, link: GatewayLink, metrics: Registry = new Registry()) {
    this.#sessions = sessions;
    this.#link = link;
    this.#deliveries = counterIn(metrics, {
      name: 'parley_router_deliveries_total',
      help: 'Deliveries made, one per gateway and call',
    });
    this.#targets = counterIn(metrics, {
      name: 'parley_router_targets_total',
      help: 'Connections that frames were routed to',
    });
    this.#unreached = counterIn(metrics, {
      name: 'parley_router_unreached_total',
      help: 'Connections that no gateway took a frame for',
    });
  }

  /** Where each of these users is connected, in the order asked. */
  connectionsOf(userIds: readonly string[]): Promise<ReadonlyArray<readonly SessionEntry[]>> {
    return userIds.length === 0 ? Promise.resolve([]) : this.#sessions.lookup(userIds);
  }

  /**
   * Resolves once every gateway has answered or was given up (at most the link's deadline).
   * @throws what the session look-up throws: nobody was delivered to, the same call is to be made again
   */
  async route(items: readonly Routable[]): Promise<RouteResult> {
    if (items.length === 0) return { reached: [] };
    const sessions = await this.#lookUp(items);
    const layouts = new Map<readonly string[], Layout>();
    const reached: ReadonlySet<string>[] = [];
    const deliveries = new Map<string, GatewayDelivery>();
    for (const [origin, routable] of items.entries()) {
      let whole = layouts.get(routable.userIds);
      if (whole === undefined) {
        whole = layOut(routable.userIds, sessions);
        layouts.set(routable.userIds, whole);
      }
      const layout = narrow(whole, routable);
      reached.push(layout.devices);
      this.#address(deliveries, layout, routable, origin);
    }
    await this.#deliver(deliveries, reached);
    return { reached };
  }

  #address(deliveries: Map<string, GatewayDelivery>, layout: Layout, { frame, position }: Routable, origin: number) {
    for (const [gatewayId, targets] of layout.byGateway) {
      let delivery = deliveries.get(gatewayId);
      if (delivery === undefined) {
        delivery = { items: [], origins: [] };
        deliveries.set(gatewayId, delivery);
      }
      delivery.items.push({ frame, position, targets });
      delivery.origins.push(origin);
      this.#targets.inc(targets.length);
    }
  }

  async #lookUp(items: readonly Routable[]): Promise<Map<string, readonly SessionEntry[]>> {
    const lists = new Set(items.map((item) => item.userIds));
    const userIds = [...new Set([...lists].flat())];
    const entries = userIds.length === 0 ? [] : await this.#sessions.lookup(userIds);
    return new Map(userIds.map((userId, index) => [userId, entries[index]!]));
  }

  async #deliver(deliveries: ReadonlyMap<string, GatewayDelivery>, reached: ReadonlySet<string>[]): Promise<void> {
    const gatewayIds = [...deliveries.keys()];
    this.#deliveries.inc(gatewayIds.length);
    const answers = await Promise.all(gatewayIds.map((id) => this.#link.deliver(id, deliveries.get(id)!.items)));
    const copied = new Map<number, Set<string>>();
    answers.forEach((unreached, index) => {
      this.#unreached.inc(unreached.length);
      strike(deliveries.get(gatewayIds[index]!)!, unreached, reached, copied);
    });
  }
}

/** Takes who was not reached out of the results; sets are shared between routables, so the first removal copies. */
function strike(
  delivery: GatewayDelivery,
  unreached: readonly Unreached[],
  reached: ReadonlySet<string>[],
  copied: Map<number, Set<string>>,
): void {
  for (const { item, target } of unreached) {
    const origin = delivery.origins[item]!;
    let own = copied.get(origin);
    if (own === undefined) {
      own = new Set(reached[origin]!);
      copied.set(origin, own);
      reached[origin] = own;
    }
    const ref = delivery.items[item]!.targets[target]!;
    own.delete(deviceKey(ref.userId, ref.deviceId));
  }
}
