/**
 * Two people who talk, and a reader who pages through their conversation all the time, so that a moment in which a reader lacks
 * something is seen: a page without a message that it says it covers, an end that falls back, a list of conversations that forgets, or
 * a question that is not answered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { directConversationId } from '@parley/schemas/identity/conversation-id';
import type { BaseWorld } from '../world/base-world.ts';
import type { RecordingClient } from '../world/recording-client.ts';

const sendEveryMs = 100;
const pageRows = 60;
const pauseMs = 20;

export class Pager {
  readonly violations: string[] = [];
  pages = 0;
  #newest = 0;
  #isEnded = false;
  readonly #sender: RecordingClient;
  readonly #reader: RecordingClient;
  readonly #conversationId: string;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(sender: RecordingClient, reader: RecordingClient) {
    this.#sender = sender;
    this.#reader = reader;
    this.#conversationId = directConversationId(sender.device.userId, reader.device.userId);
  }

  static async begin(world: BaseWorld): Promise<Pager> {
    const [ann, ben] = await Promise.all([world.person('Pager A'), world.person('Pager B')]);
    const sender = await world.client(ann.first, { gateway: 0 }).online();
    const reader = await world.client(ben.first, { gateway: 1 }).online();
    const pager = new Pager(sender, reader);
    await sender.sendAndWait({ peerId: ben.userId, encryptedBody: Buffer.from('0'), preview: '0' });
    await reader.holds(pager.#conversationId, 1);
    pager.#work = Promise.all([pager.#talk(), pager.#read()]);
    return pager;
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#work;
  }

  async #talk(): Promise<void> {
    for (let count = 1; !this.#isEnded; count++) {
      const body = Buffer.from(String(count));
      await this.#sender.send({ peerId: this.#reader.device.userId, encryptedBody: body, preview: String(count) });
      await delay(sendEveryMs);
    }
  }

  async #read(): Promise<void> {
    while (!this.#isEnded) {
      try {
        await this.#page(0);
        if (this.#newest > pageRows) await this.#page(1 + Math.floor(Math.random() * this.#newest));
        await this.#inbox();
      } catch (error) {
        this.violations.push(`a question was not answered: ${String(error)}`);
      }
      await delay(pauseMs);
    }
  }

  async #page(before: number): Promise<void> {
    const atMs = before === 0 ? 0 : Date.now();
    const page = await this.#reader.client.history(this.#conversationId, before, atMs, pageRows);
    this.pages += 1;
    const seqs = new Set(page.messages.map(({ seq }) => seq));
    for (let seq = Math.max(1, page.covered_from); seq <= page.covered_to; seq++)
      if (!seqs.has(seq))
        this.violations.push(`${seq} is missing in a page of ${page.covered_from}..${page.covered_to}`);
    if (page.last_seq < this.#newest) this.violations.push(`the end fell from ${this.#newest} to ${page.last_seq}`);
    this.#newest = Math.max(this.#newest, page.last_seq);
  }

  async #inbox(): Promise<void> {
    const { entries } = await this.#reader.client.inbox();
    const entry = entries.find(({ conversation_id }) => conversation_id === this.#conversationId);
    if (entry === undefined) this.violations.push('the list of conversations forgot one');
    else if (entry.last_seq < this.#newest)
      this.violations.push(`the list of conversations fell back from ${this.#newest} to ${entry.last_seq}`);
  }
}
