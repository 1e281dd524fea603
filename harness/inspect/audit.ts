/** The chain seals what is said, holds, and names what somebody changed in the files. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { open } from 'lmdb';
import { until } from '../services/until.ts';
import { type Inspection, type Surroundings, summaryOf } from './inspection.ts';

interface Verified {
  readonly partitions: number;
  readonly records: number;
  readonly unsealed: number;
  readonly different: number;
  readonly findings: readonly {
    readonly what: string;
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly message_id?: string;
  }[];
}

async function say(world: Surroundings['world'], texts: readonly string[]) {
  const alice = await world.person('Alice');
  const bob = await world.person('Bob');
  const a = await world.client(alice.first).online();
  for (const text of texts) await a.sendAndWait({ peerId: bob.userId, encryptedBody: Buffer.from(text) });
  await a.offline();
  return { conversation: directConversationId(alice.userId, bob.userId), sent: a.sent };
}

export const sealedByItself: Inspection = {
  name: 'what is said is sealed by the processor, holds, and meets what was noted elsewhere',
  async run({ world, replay }) {
    await say(world, ['this', 'is', 'sealed']);
    const verify = async (...args: string[]) => summaryOf<Verified>(await replay('audit', 'verify', ...args));
    await until(async () => (await verify()).unsealed === 0, {
      what: 'everything is sealed',
      timeoutMs: 60_000,
      everyMs: 1_000,
    });
    const { different, records, partitions } = await verify();
    assert.deepEqual([different, partitions], [0, 12]);
    assert.ok(records >= 3);
    const folder = mkdtempSync(join(tmpdir(), 'parley-anchors-'));
    try {
      const kept = join(folder, 'heads.json');
      writeFileSync(kept, (await replay('audit', 'head')).stdout);
      await say(world, ['and', 'more']);
      assert.equal((await verify('--anchors', kept)).different, 0);
      const { exitCode, summary } = await replay('audit', 'verify', '--anchor', 'ab'.repeat(32));
      assert.deepEqual([exitCode, (summary as unknown as Verified).findings[0]!.what], [1, 'unanchored']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Number of chat.messages in the catalogue of the embedded log. */
const messagesTopicNumber = 1;

export const tamperedFile: Inspection = {
  name: 'a message that somebody changed in the embedded log is named, and its id with it',
  profiles: ['embedded'],
  async run({ world, replay, replayUntilTold }) {
    assert.ok(world.profile === 'embedded');
    const { conversation, sent } = await say(world, ['before', 'the truth', 'after']);
    const busy = await replay('audit', 'seal');
    assert.match(busy.stderr, /in use by process/);
    await world.standalone.process.stop();
    const again = summaryOf<{ records: number }>(await replay('audit', 'seal'));
    assert.equal(again.records, 0, 'a clean stop seals what was read');
    const story = summaryOf<{ accepted: { offset: number } }>(
      await replay('trace', sent[1]!.messageId, '--conversation', conversation),
    );
    const shown = summaryOf<{ partition: number }>(await replay('show', conversation));
    const place = { partition: shown.partition, offset: story.accepted.offset };
    await forge(join(world.standalone.dataDir, 'log'), place, 'the truth', 'the lie !');
    const { exitCode, summary } = await replay('audit', 'verify');
    const { different, findings } = summary as unknown as Verified;
    assert.deepEqual([exitCode, different], [1, 1]);
    const { what, topic, partition, offset, message_id } = findings[0]!;
    assert.deepEqual({ what, topic, partition, offset }, { what: 'changed', topic: 'chat.messages', ...place });
    assert.equal(message_id, sent[1]!.messageId);
    await forge(join(world.standalone.dataDir, 'log'), place, 'the lie !', 'the truth');
    summaryOf(await replay('audit', 'verify'));
    const followed = summaryOf<{ checkpoints: number }>(await replayUntilTold('audit', 'follow', '--interval', '1'));
    assert.equal(followed.checkpoints, 0, 'nothing is sealed twice');
    await world.standalone.start();
  },
};

async function forge(
  path: string,
  { partition, offset }: { readonly partition: number; readonly offset: number },
  from: string,
  to: string,
): Promise<void> {
  const raw = open({ path, maxDbs: 8 });
  const records = raw.openDB<Buffer, Buffer>({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });
  const key = Buffer.alloc(10);
  key.writeUInt32BE(messagesTopicNumber * 0x1_0000 + partition, 0);
  key.writeUIntBE(offset, 4, 6);
  const value = Buffer.from(records.get(key)!);
  const at = value.indexOf(from);
  assert.ok(at > 0, 'the body stands in the record');
  value.write(to, at, 'latin1');
  await records.put(key, value);
  await raw.close();
}
