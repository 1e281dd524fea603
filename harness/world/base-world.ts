/** What both profiles share of a world: people, clients, and an orderly end. */
import { Observations } from './observations.ts';
import { People, type Person, type RegisteredDevice } from './people.ts';
import { RecordingClient, type RecordingOptions } from './recording-client.ts';
import type { ObservedPush, Profile, World } from './world.ts';

/** All of a world but what is done to its processes. */
export type Inhabited = Omit<World, 'crashGateway' | 'crashApi' | 'travel'>;

export abstract class BaseWorld implements Inhabited {
  abstract readonly profile: Profile;
  abstract readonly apiUrl: string;
  abstract readonly gatewayUrls: readonly string[];
  protected readonly observations = new Observations();
  readonly #clients: RecordingClient[] = [];
  #people: People | null = null;

  get pushes(): readonly ObservedPush[] {
    return this.observations.pushes;
  }

  get problems(): readonly string[] {
    return this.observations.problems;
  }

  #everyone(): People {
    // Where several runs share one directory, each has phone numbers of its own.
    this.#people ??= new People(this.apiUrl, Math.floor(Math.random() * 10_000_000));
    return this.#people;
  }

  person(name: string): Promise<Person> {
    return this.#everyone().person(name);
  }

  device(person: Person, name: string): Promise<RegisteredDevice> {
    return this.#everyone().device(person, name);
  }

  client(
    device: RegisteredDevice,
    options: Partial<RecordingOptions> & { readonly gateway?: number } = {},
  ): RecordingClient {
    const { gateway, ...rest } = options;
    const urls = gateway === undefined ? this.gatewayUrls : [this.gatewayUrls[gateway]!];
    const client = new RecordingClient(device, { urls, ...rest });
    this.#clients.push(client);
    return client;
  }

  /** Ends the clients of a scenario, whatever became of it. */
  async dismiss(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.client.stop()));
  }

  abstract close(): Promise<void>;
}
