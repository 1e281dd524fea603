/** Revocations as a gateway hears of them: late, or never when the store's network is bad, for nobody keeps them. */
import type { RevocationFeed } from '@parley/projections/sessions/revocations';
import type { Life } from '../environment/life.ts';
import type { RemoteFaults } from '../environment/remote.ts';
import type { SeededRandom } from '../environment/seeded-random.ts';

export interface RemoteRevocationsOptions {
  readonly faults: RemoteFaults;
  readonly random: SeededRandom;
  readonly life: Life;
}

export function remoteRevocations(
  feed: RevocationFeed,
  { faults, random, life }: RemoteRevocationsOptions,
): RevocationFeed {
  return {
    listen: (listener) => {
      const unlisten = feed.listen({
        revoked: (deviceId) => {
          if (faults.isDown || random.chance(faults.failure)) return;
          life.time.after(random.delay(faults.mostDelayMs), () => life.enter(() => listener.revoked(deviceId)));
        },
        missed: () => life.enter(() => listener.missed()),
      });
      life.onEnd(unlisten);
      return unlisten;
    },
  };
}
