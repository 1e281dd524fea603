/** A client in Python, written from docs/PROTOCOL.md alone, talks with one that is made of the SDK. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import { until } from '../services/until.ts';
import type { World } from '../world/world.ts';
import type { Scenario } from './scenario.ts';

const program = fileURLToPath(new URL('../../clients/python-example/client.py', import.meta.url));
const atLeast = 'import sys; sys.exit(sys.version_info < (3, 10))';
const timeoutMs = 40_000;

/** One run of client.py. */
class PythonRun {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #errors = '';
  #status: number | null = null;
  #ended = false;

  constructor(args: readonly string[]) {
    this.#child = spawn('python3', ['-B', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      this.lines.push(...lines);
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.#child.on('error', (error) => {
      this.#errors += String(error);
      this.#ended = true;
    });
    this.#child.on('close', (status) => {
      this.#status = status;
      this.#ended = true;
    });
  }

  async prints(count: number): Promise<void> {
    await until(() => this.lines.length >= count || this.#ended, { what: `${count} lines of Python`, timeoutMs });
    assert.ok(this.lines.length >= count, `Python ended: ${this.#errors}`);
  }

  /** What it printed, once it ended well. */
  async output(): Promise<readonly string[]> {
    await until(() => this.#ended, { what: 'Python ends', timeoutMs });
    assert.equal(this.#status, 0, `Python: ${this.#errors} ${this.lines.join(' | ')}`);
    return this.lines;
  }

  end(): void {
    if (!this.#ended) this.#child.kill('SIGKILL');
  }
}

/** A device whose client is written in Python; what it knows is in a file. */
class PythonDevice {
  readonly #runs: PythonRun[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'parley-python-'));
  readonly #gateway: string;

  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  #run(args: readonly string[]): PythonRun {
    const run = new PythonRun([...args, '--state', join(this.#folder, 'state.json')]);
    this.#runs.push(run);
    return run;
  }

  /** The id of the new user. */
  async register(apiUrl: string): Promise<string> {
    // Apart from the numbers of the scenarios' other people.
    const number = `+4178${String(Math.floor(Math.random() * 10_000_000)).padStart(7, '0')}`;
    const [userId] = await this.#run(['register', '--api', apiUrl, '--phone', number]).output();
    return userId!;
  }

  send(to: string, text: string, ...options: readonly string[]): PythonRun {
    return this.#run(['send', '--gateway', this.#gateway, '--to', to, text, ...options]);
  }

  listen(count: number, ...options: readonly string[]): PythonRun {
    return this.#run(['listen', '--gateway', this.#gateway, '--count', String(count), ...options]);
  }

  close(): void {
    for (const run of this.#runs) run.end();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Shown {
  readonly seq: number;
  readonly from: string;
  readonly text: string;
}

const shown = (lines: readonly string[]): Shown[] => lines.map((line) => JSON.parse(line) as Shown);

async function talk(world: World, python: PythonDevice): Promise<void> {
  const pythonId = await python.register(world.apiUrl);
  const alice = await world.person('Alice');
  const conversation = directConversationId(alice.userId, pythonId);
  const a = await world.client(alice.first, { gateway: 0 }).online();
  const tell = (text: string) => a.sendAndWait({ peerId: pythonId, encryptedBody: Buffer.from(text) });

  // Live, both ways; Python says what it has and what was read.
  const listening = python.listen(2, '--read');
  await tell('are you there?');
  await listening.prints(1);
  await tell('good 👋');
  const live = shown(await listening.output());
  const from = alice.userId;
  assert.deepEqual(live, [
    { seq: 1, from, text: 'are you there?' },
    { seq: 2, from, text: 'good 👋' },
  ]);
  for (const { messageId } of a.sent) await a.status(messageId, 'read');
  assert.equal((await python.send(alice.userId, 'yes', '--until', 'delivered').output()).at(-1), 'delivered');

  // Python is away: it gets what it lacks, and nothing that it had.
  for (const text of ['one', 'two', 'three']) await tell(text);
  assert.deepEqual(shown(await python.listen(3).output()), [
    { seq: 4, from, text: 'one' },
    { seq: 5, from, text: 'two' },
    { seq: 6, from, text: 'three' },
  ]);
  for (const { messageId } of a.sent.slice(2)) await a.status(messageId, 'delivered');

  // The SDK is away; and Python learns that its question was read.
  await a.offline();
  assert.match((await python.send(alice.userId, 'while you slept').output())[0]!, / accepted$/);
  await a.online();
  const question = python.send(alice.userId, 'did you read it?', '--until', 'read');
  const last = (await a.holds(conversation, 8)).at(-1)!;
  a.client.markRead(conversation, last.seq, last.message_id);
  assert.equal((await question.output()).at(-1), 'read');
  assert.deepEqual(a.bodies(conversation), [
    ...['are you there?', 'good 👋', 'yes', 'one', 'two', 'three', 'while you slept', 'did you read it?'],
  ]);
  await a.offline();
}

export const pythonClient: Scenario = {
  name: 'a client in Python',
  missing: async () =>
    spawnSync('python3', ['-c', atLeast]).status === 0 ? null : 'there is no python3 of version 3.10 or newer',
  async run(world) {
    const python = new PythonDevice(world.gatewayUrls[1]!);
    try {
      await talk(world, python);
    } finally {
      python.close();
    }
  },
};
