/** The connections of a gateway: by device, and those that the next tick must look at. */
import type { ConnectionRef } from '@parley/streams/delivery/delivery';
import type { Connection } from './connection.ts';

export class Connections {
  readonly #byDevice = new Map<string, Connection>();
  #active: Connection[] = [];

  get size(): number {
    return this.#byDevice.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#byDevice.values();
  }

  /** The newest connection of the device here. */
  ofDevice(deviceId: string): Connection | undefined {
    return this.#byDevice.get(deviceId);
  }

  /** Exactly the connection that is named; an older or newer one of the same device is another (design rule 17). */
  find(ref: ConnectionRef): Connection | undefined {
    const connection = this.#byDevice.get(ref.deviceId);
    return connection?.connectionId === ref.connectionId && connection.userId === ref.userId ? connection : undefined;
  }

  add(connection: Connection): void {
    this.#byDevice.set(connection.deviceId, connection);
  }

  remove(connection: Connection): void {
    if (this.#byDevice.get(connection.deviceId) === connection) this.#byDevice.delete(connection.deviceId);
  }

  /** Something of the connection is due within seconds: every tick looks at it until it has nothing more. */
  activate(connection: Connection): void {
    if (connection.isActive || !connection.isOpen) return;
    connection.isActive = true;
    this.#active.push(connection);
  }

  /** Visits the active connections; those for which `visit` says no are no longer active. */
  visitActive(visit: (connection: Connection) => boolean): void {
    const visited = this.#active;
    this.#active = [];
    for (const connection of visited) {
      connection.isActive = false;
      if (connection.isOpen && visit(connection)) this.activate(connection);
    }
  }
}
