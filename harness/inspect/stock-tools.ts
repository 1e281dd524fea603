/** Analysts read the topics with what they have: Confluent's client and Avro deserialiser, through the registry, and no code of ours. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { run } from '../services/processes.ts';
import { pipAnswers, pythonPackage } from '../services/python-packages.ts';
import { servicesInUse } from '../world/services-in-use.ts';
import { type Inspection, summaryOf } from './inspection.ts';

/** Client and deserialiser, as PyPI has them. */
const confluentPackage = 'confluent-kafka[avro]==2.16.1';
const script = fileURLToPath(new URL('./stock-consumer.py', import.meta.url));

interface Line {
  readonly partition: number;
  readonly offset: number;
  readonly value: Readonly<Record<string, unknown>>;
}

const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

const byPlace = (a: Line, b: Line): number => a.partition - b.partition || a.offset - b.offset;

export const stockConsumer: Inspection = {
  name: 'a stock consumer with a stock Avro library reads what was said through the registry',
  profiles: ['cluster'],
  async missing() {
    return (await pipAnswers()) ? null : 'Python 3 with pip is missing: install python3-pip with the package manager.';
  },
  async run({ world, replay }) {
    const alice = await world.person('Alice');
    const bob = await world.person('Bob');
    const a = await world.client(alice.first).online();
    const sinceMs = Date.now();
    for (const text of ['for', 'analysts'])
      await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(text), preview: `${text} …` });
    await a.offline();
    const { PARLEY_KAFKA_BROKERS: brokers = '', PARLEY_REGISTRY_URL: registry = '' } = servicesInUse();
    const args = ['--brokers', brokers, '--registry', registry, '--topic', 'chat.messages', '--since', String(sinceMs)];
    const env = { ...process.env, PYTHONPATH: await pythonPackage(confluentPackage) };
    const stock = linesOf(await run('python3', [script, ...args], { env, timeoutMs: 60_000 })).sort(byPlace);
    const own = stock.filter(({ value }) => value['sender_id'] === alice.userId);
    assert.deepEqual(
      own.map(({ value }) => [value['message_id'], value['encrypted_body'], value['preview'], value['message_type']]),
      a.sent.map(({ messageId, body }) => {
        const text = Buffer.from(body);
        return [messageId, text.toString('base64'), `${text.toString()} …`, 'text'];
      }),
    );
    const exported = await replay('export', '--topic', 'chat.messages', '--from', String(sinceMs));
    summaryOf(exported);
    const ours = linesOf(exported.stdout.trimEnd().split('\n').slice(0, -1).join('\n')).sort(byPlace);
    const shown = ({ partition, offset, value }: Line) => ({ partition, offset, value });
    assert.deepEqual(stock.map(shown), ours.slice(0, stock.length).map(shown));
  },
};
