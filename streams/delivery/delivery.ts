/**
 * How frames reach devices: a processor looks up who is connected where, sends one delivery per gateway, and is told who was
 * not reached (design section 3, step 3, and rules 16-17).
 */

/** One connection of one device. */
export interface SessionEntry {
  readonly userId: string;
  readonly deviceId: string;
  readonly gatewayId: string;
  /** Grows per device. */
  readonly connectionId: number;
}

/** A connection on the gateway that a delivery goes to. */
export interface ConnectionRef {
  readonly userId: string;
  readonly deviceId: string;
  readonly connectionId: number;
}

/** Who is connected where. The sessions projection implements it. */
export interface SessionLookup {
  /** Entries of each user, in the order asked; one round trip for the list. */
  lookup(userIds: readonly string[]): Promise<ReadonlyArray<readonly SessionEntry[]>>;
}

/** Where the message stands: lets a gateway account for what a device has acknowledged. Null for frames that are no message. */
export interface MessagePosition {
  readonly conversationId: string;
  readonly seq: number;
  /** T. */
  readonly atMs: number;
}

/** An encoded frame (Avro form) for some connections of one gateway. */
export interface DeliveryItem {
  readonly frame: Buffer;
  readonly position: MessagePosition | null;
  readonly targets: readonly ConnectionRef[];
  /**
   * Set for presence frames: also for every connection of this gateway that watches this user; `targets` is empty then. The
   * processor knows which gateways watch a user, the gateway knows which of its connections do (design rule 19).
   */
  readonly watchersOf?: string;
  /**
   * True: for every connection of this gateway; `targets` is empty then. Only a link sends it: a `resync` to a gateway that
   * could not be reached for so long that who missed something is no longer known one by one.
   */
  readonly everyone?: boolean;
}

/** A target that the gateway does not hold: item and target index. */
export interface Unreached {
  readonly item: number;
  readonly target: number;
}

/** The way to gateways: in process when standalone, gRPC streams between processes. */
export interface GatewayLink {
  /**
   * Resolves to the targets that the gateway does not hold, once it has taken the others; never later than the deadline (1 s).
   * Then, and when the gateway can't be reached, every target counts as unreached. Never rejects.
   */
  deliver(gatewayId: string, items: readonly DeliveryItem[]): Promise<readonly Unreached[]>;
  close(): Promise<void>;
}

/** The other end: what a gateway does with a delivery. Synchronous: it writes to sockets and returns. */
export interface DeliverySink {
  deliver(items: readonly DeliveryItem[]): Unreached[];
}

/** Something to be routed: a frame, and the users (all devices, or one) that it is for. */
export interface Routable {
  readonly frame: Buffer;
  readonly position: MessagePosition | null;
  readonly userIds: readonly string[];
  /** Not for this device (the sender's own), whoever it belongs to. */
  readonly exceptDeviceId?: string;
  /** Only for this device. */
  readonly onlyDeviceId?: string;
}

/** Who has the frame on its way to a live connection: everybody else is offline for it. */
export interface RouteResult {
  /** Per routable, the devices (as `userId/deviceId`) whose gateway took it; the one that it was not for may be among them. */
  readonly reached: ReadonlyArray<ReadonlySet<string>>;
}
