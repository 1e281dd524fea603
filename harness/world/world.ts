/** A running Parley as the scenarios see it: the same on the embedded profile and on a cluster. */
import type { Person, RegisteredDevice } from './people.ts';
import type { RecordingClient, RecordingOptions } from './recording-client.ts';

export type Profile = 'embedded' | 'cluster';

/** A push that a pusher sent. */
export interface ObservedPush {
  readonly userId: string;
  readonly deviceId: string;
  readonly conversationId: string;
  readonly seq: number;
}

export interface World {
  readonly profile: Profile;
  readonly apiUrl: string;
  /** WebSocket addresses, at least two gateways. */
  readonly gatewayUrls: readonly string[];
  readonly pushes: readonly ObservedPush[];
  person(name: string): Promise<Person>;
  device(person: Person, name: string): Promise<RegisteredDevice>;
  /** A client of the device, not yet connected; on one gateway if an index is given, else on all. */
  client(
    device: RegisteredDevice,
    options?: Partial<RecordingOptions> & { readonly gateway?: number },
  ): RecordingClient;
  /** Kills the process that holds a gateway (embedded: the whole of Parley) and starts it again. */
  crashGateway(index: number): Promise<void>;
  /** Kills the process that serves the API (embedded: the whole of Parley) and starts it again. */
  crashApi(): Promise<void>;
  /** Restarts all of Parley with clocks that are this far from the machine's. */
  travel(clockOffsetMs: number): Promise<void>;
  /** Everything that a process of Parley logged at level error or above since the start. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}
