/** A world whose processes the chaos stage looks after: people register and connect as they do elsewhere, devices come in through proxies. */
import { BaseWorld } from '../world/base-world.ts';
import type { Profile } from '../world/world.ts';

export class ChaosWorld extends BaseWorld {
  readonly profile: Profile;
  readonly apiUrl: string;
  readonly gatewayUrls: readonly string[];

  constructor(profile: Profile, apiUrl: string, gatewayUrls: readonly string[]) {
    super();
    this.profile = profile;
    this.apiUrl = apiUrl;
    this.gatewayUrls = gatewayUrls;
  }

  readonly take: BaseWorld['observations']['take'] = (process, line) => this.observations.take(process, line);

  close(): Promise<void> {
    return this.dismiss();
  }
}
