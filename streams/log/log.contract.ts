/** What every log must do, whoever keeps it: the suite that the embedded and the Kafka adapter both pass. */
import { afterEach, beforeEach, describe } from 'vitest';
import { appending } from './contract/appending.ts';
import { durability } from './contract/durability.ts';
import { reading } from './contract/reading.ts';
import { sharing } from './contract/sharing.ts';
import { subscribing } from './contract/subscribing.ts';
import type { LogWorld, MakeWorld } from './contract/world.ts';

export function logContract(name: string, makeWorld: MakeWorld): void {
  describe(name, () => {
    let world: LogWorld;
    beforeEach(async () => {
      world = await makeWorld();
    });
    afterEach(async () => {
      await world.destroy();
    });
    const now = () => world;
    describe('appending', () => appending(now));
    describe('reading', () => reading(now));
    describe('subscribing', () => subscribing(now));
    describe('sharing a group', () => sharing(now));
    describe('durability', () => durability(now));
  });
}
