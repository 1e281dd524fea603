/** What every way to gateways does: the suite that all links pass. */
import { describe, expect, it } from 'vitest';
import type { ConnectionRef, DeliveryItem, DeliverySink, GatewayLink, Unreached } from './delivery.ts';

/** A sink that holds some devices and remembers what it was given. */
export class RecordingSink implements DeliverySink {
  readonly taken: DeliveryItem[] = [];
  readonly #absent: ReadonlySet<string>;

  constructor(absentDevices: readonly string[] = []) {
    this.#absent = new Set(absentDevices);
  }

  deliver(items: readonly DeliveryItem[]): Unreached[] {
    this.taken.push(...items);
    return items.flatMap((one, item) =>
      one.targets.flatMap(({ deviceId }, target) => (this.#absent.has(deviceId) ? [{ item, target }] : [])),
    );
  }
}

export interface LinkUnderTest {
  readonly link: GatewayLink;
  /** Starts a gateway with the sink and resolves to its id. */
  startGateway(sink: DeliverySink): Promise<string>;
  stopGateway(gatewayId: string): Promise<void>;
  close(): Promise<void>;
}

export const connection = (deviceId: string, connectionId = 1): ConnectionRef => ({
  userId: `user-of-${deviceId}`,
  deviceId,
  connectionId,
});

export const item = (text: string, ...targets: ConnectionRef[]): DeliveryItem => ({
  frame: Buffer.from(text),
  position: { conversationId: 'a-conversation', seq: 7, atMs: 1_700_000_000_123 },
  targets,
});

export function linkContract(name: string, makeLink: () => Promise<LinkUnderTest>): void {
  const withLink = async (check: (under: LinkUnderTest) => Promise<void>): Promise<void> => {
    const under = await makeLink();
    try {
      await check(under);
    } finally {
      await under.close();
    }
  };

  describe(`GatewayLink: ${name}`, () => {
    it('hands every item over as it is, in order', () =>
      withLink(async ({ link, startGateway }) => {
        const sink = new RecordingSink();
        const gatewayId = await startGateway(sink);
        const shared = [connection('a'), connection('b', 2 ** 40)];
        const items: DeliveryItem[] = Array.from({ length: 170 }, (_, index) => ({
          ...item(`${index}`),
          targets: shared,
        }));
        items.push({ frame: Buffer.from([0, 255]), position: null, targets: [], watchersOf: 'someone' });
        items.push({ frame: Buffer.alloc(0), position: null, targets: [], everyone: true });
        expect(await link.deliver(gatewayId, items)).toEqual([]);
        expect(sink.taken).toEqual(items);
      }));

    it('keeps the order of deliveries that are under way at the same time', () =>
      withLink(async ({ link, startGateway }) => {
        const sink = new RecordingSink();
        const gatewayId = await startGateway(sink);
        const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
        await Promise.all(texts.map((text) => link.deliver(gatewayId, [item(text, connection('a'))])));
        expect(sink.taken.map(({ frame }) => frame.toString())).toEqual(texts);
      }));

    it('tells each delivery which of its own targets were not held', () =>
      withLink(async ({ link, startGateway }) => {
        const gatewayId = await startGateway(new RecordingSink(['gone']));
        const answers = await Promise.all([
          link.deliver(gatewayId, [item('1', connection('a'), connection('gone'))]),
          link.deliver(gatewayId, [item('2', connection('b'))]),
          link.deliver(gatewayId, [item('3', connection('b')), item('4', connection('gone'), connection('gone'))]),
        ]);
        expect(answers).toEqual([
          [{ item: 0, target: 1 }],
          [],
          [
            { item: 1, target: 0 },
            { item: 1, target: 1 },
          ],
        ]);
      }));

    it('carries frames of every size, and more of them than a batch holds', () =>
      withLink(async ({ link, startGateway }) => {
        const sink = new RecordingSink();
        const gatewayId = await startGateway(sink);
        const sizes = [0, 1, 65_536, 300_000, 2_000_000, 5];
        const items = sizes.map((size) => ({ ...item('', connection('a')), frame: Buffer.alloc(size, size % 251) }));
        expect(await link.deliver(gatewayId, items)).toEqual([]);
        expect(sink.taken.map(({ frame }) => frame.length)).toEqual(sizes);
        expect(sink.taken.every(({ frame }, index) => frame.equals(items[index]!.frame))).toBe(true);
      }));

    it('rule 16: counts every target of a gateway that is not there as unreached, and rejects nothing', () =>
      withLink(async ({ link, startGateway, stopGateway }) => {
        const gatewayId = await startGateway(new RecordingSink());
        await stopGateway(gatewayId);
        const unreached = await link.deliver(gatewayId, [item('1', connection('a'), connection('b')), item('2')]);
        expect(unreached).toEqual([
          { item: 0, target: 0 },
          { item: 0, target: 1 },
        ]);
      }));

    it('counts the targets of a delivery that the gateway failed on as unreached', () =>
      withLink(async ({ link, startGateway }) => {
        const gatewayId = await startGateway({
          deliver: () => {
            throw new Error('a defect');
          },
        });
        expect(await link.deliver(gatewayId, [item('1', connection('a'))])).toEqual([{ item: 0, target: 0 }]);
      }));
  });
}
