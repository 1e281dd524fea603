/**
 * A device with a real MLS client (ts-mls) over Parley: it hands in key packages, makes and applies commits, welcomes others, and
 * encrypts what it says. What the server orders is all that it goes by.
 */
import { randomUUID } from 'node:crypto';
import type { WireMessage } from '@parley/schemas/generated/wire';
import type { Verdict } from '@parley/sdk/events';
import type { KeysApi, NumberedKey } from '@parley/sdk/keys';
import type { MlsMessage } from '@parley/sdk/mls-message';
import { MlsOrder } from '@parley/sdk/mls-order';
import {
  acceptAll,
  type CiphersuiteImpl,
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  decodeMlsMessage,
  defaultCapabilities,
  defaultLifetime,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  type KeyPackage,
  type MLSMessage,
  type PrivateKeyPackage,
  type Proposal,
  processMessage,
  type Welcome,
} from 'ts-mls';
import type { RecordingClient } from '../world/recording-client.ts';

const suiteName = 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519';

interface OwnPackage {
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

function decode(bytes: Uint8Array): MLSMessage {
  const decoded = decodeMlsMessage(bytes, 0);
  if (decoded === undefined) throw new Error('no MLS message');
  return decoded[0];
}

export class MlsDevice {
  readonly client: RecordingClient;
  readonly keys: KeysApi;
  readonly conversationId: string;
  readonly order: MlsOrder;
  /** What others said, as this device could read it; `unreadable` where it could not. */
  readonly heard: string[] = [];
  readonly #suite: CiphersuiteImpl;
  readonly #packages: OwnPackage[] = [];
  #group: ClientState | null = null;
  #groupId = '';
  #applied = 0;
  /** The state after an own commit, by message id, until its verdict. */
  readonly #made = new Map<string, ClientState>();
  #nextKeyId = 0;

  private constructor(client: RecordingClient, keys: KeysApi, conversationId: string, suite: CiphersuiteImpl) {
    this.client = client;
    this.keys = keys;
    this.conversationId = conversationId;
    this.#suite = suite;
    this.order = new MlsOrder(client.device.userId);
  }

  static async open(client: RecordingClient, keys: KeysApi, conversationId: string): Promise<MlsDevice> {
    const suite = await getCiphersuiteImpl(getCiphersuiteFromName(suiteName));
    return new MlsDevice(client, keys, conversationId, suite);
  }

  get userId(): string {
    return this.client.device.userId;
  }

  get epoch(): number {
    return Number(this.#state.groupContext.epoch);
  }

  /** Equal for all who are in the same epoch of the same group. */
  get fingerprint(): string {
    return Buffer.from(this.#state.keySchedule.epochAuthenticator).toString('hex');
  }

  get #state(): ClientState {
    if (this.#group === null) throw new Error('the device is in no MLS group');
    return this.#group;
  }

  async #makePackage(): Promise<OwnPackage> {
    const credential = { credentialType: 'basic' as const, identity: Buffer.from(this.userId) };
    return generateKeyPackage(credential, defaultCapabilities(), defaultLifetime, [], this.#suite);
  }

  async handInPackages(count: number): Promise<void> {
    const keys: NumberedKey[] = [];
    for (let i = 0; i < count; i++) {
      const made = await this.#makePackage();
      this.#packages.push(made);
      const message = { version: 'mls10', wireformat: 'mls_key_package', keyPackage: made.publicPackage } as const;
      keys.push({ keyId: this.#nextKeyId++, key: encodeMlsMessage(message) });
    }
    await this.keys.handIn('key_package', keys);
  }

  /** A new MLS group with this device alone. */
  async begin(): Promise<void> {
    const own = await this.#makePackage();
    const groupId = Buffer.from(randomUUID());
    this.#groupId = groupId.toString('base64');
    this.#group = await createGroup(groupId, own.publicPackage, own.privatePackage, [], this.#suite);
  }

  /** Takes one key package of each device of the users, adds them by a commit, and welcomes them once it is accepted. */
  async add(userIds: readonly string[]): Promise<Verdict> {
    const proposals: Proposal[] = [];
    for (const userId of userIds) {
      const { devices } = await this.keys.claim(userId, 'key_package');
      for (const { key } of devices) {
        const message = key === null ? null : decode(key.key);
        if (message?.wireformat !== 'mls_key_package') throw new Error(`no key package of ${userId}`);
        proposals.push({ proposalType: 'add', add: { keyPackage: message.keyPackage } });
      }
    }
    const { verdict, welcome } = await this.commit(proposals);
    if (verdict.kind === 'accepted' && welcome !== undefined) {
      for (const userId of userIds) await this.#welcome(welcome, userId);
    }
    return verdict;
  }

  /** Removes a user's leaves; with nobody to remove, only the keys are renewed. */
  async remove(userId: string): Promise<Verdict> {
    const removed: Proposal[] = [];
    for (const [index, node] of this.#state.ratchetTree.entries()) {
      if (node?.nodeType !== 'leaf' || node.leaf.credential.credentialType !== 'basic') continue;
      if (Buffer.from(node.leaf.credential.identity).toString() !== userId) continue;
      removed.push({ proposalType: 'remove', remove: { removed: index / 2 } });
    }
    return (await this.commit(removed)).verdict;
  }

  /** A commit for the current epoch, as this device knows it; `clear` lies about it. */
  async commit(
    extraProposals: Proposal[] = [],
    clear: Partial<MlsMessage> = {},
  ): Promise<{ verdict: Verdict; welcome: Welcome | undefined }> {
    const made = await createCommit(
      { state: this.#state, cipherSuite: this.#suite },
      { extraProposals, ratchetTreeExtension: true },
    );
    const { sent, settled } = await this.#send(encodeMlsMessage(made.commit), {
      ...this.order.commit(this.#groupId),
      ...clear,
    });
    this.#made.set(sent, made.newState);
    const verdict = await settled;
    if (verdict.kind === 'accepted') await this.apply(verdict.seq);
    this.#made.delete(sent);
    return { verdict, welcome: made.welcome };
  }

  async #welcome(welcome: Welcome, userId: string): Promise<void> {
    const body = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_welcome', welcome });
    const { settled } = await this.#send(body, this.order.welcome(this.#groupId, userId));
    const verdict = await settled;
    if (verdict.kind !== 'accepted') throw new Error(`the welcome was refused: ${verdict.code}`);
  }

  /** Tells that the commit accepted for an epoch is of no use. */
  async complain(epoch: number): Promise<Verdict> {
    return (await this.#send(Buffer.alloc(0), this.order.unusable(this.#groupId, epoch))).settled;
  }

  async #send(body: Uint8Array, mls: MlsMessage) {
    const { conversationId } = this;
    const message = { conversationId, messageType: 'mls' as const, encryptedBody: body, mls };
    const { messageId, verdict } = await this.client.client.send(message);
    return { sent: messageId, settled: verdict };
  }

  async say(text: string): Promise<Verdict> {
    const { newState, privateMessage } = await createApplicationMessage(this.#state, Buffer.from(text), this.#suite);
    this.#group = newState;
    const body = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
    return this.client.sendAndWait({ conversationId: this.conversationId, encryptedBody: body });
  }

  /** Applies what has come, in order of seq, up to one that must come. */
  async apply(upToSeq: number): Promise<void> {
    const known = () => new Map(this.client.messages(this.conversationId).map((message) => [message.seq, message]));
    await this.client.holds(this.conversationId, 1);
    for (let messages = known(); this.#applied < upToSeq; ) {
      const message = messages.get(this.#applied + 1);
      if (message === undefined) {
        const first = [...messages.keys()].sort((a, b) => a - b)[0]!;
        // Who came later sees nothing from before.
        if (this.#applied === 0 && first > 1) this.#applied = first - 1;
        else await new Promise((resolve) => setTimeout(resolve, 5));
        messages = known();
        continue;
      }
      this.#applied = message.seq;
      await this.#take(message);
    }
  }

  async #take(message: WireMessage): Promise<void> {
    this.order.apply(message);
    const { mls } = message;
    if (message.message_type === 'mls' && mls !== null) {
      if (mls.kind === 'commit') await this.#applyCommit(message);
      else if (mls.kind === 'welcome' && mls.recipient_id === this.userId) await this.#join(message);
    } else if (message.message_type === 'text' && message.sender_device_id !== this.client.device.deviceId) {
      await this.#hear(message);
    }
  }

  async #applyCommit({ message_id, encrypted_body, mls }: WireMessage): Promise<void> {
    const own = this.#made.get(message_id);
    if (own !== undefined) {
      this.#group = own;
      return;
    }
    // Before its welcome a device has nothing to apply the commit to, which leads into the epoch that the welcome begins with.
    if (this.#group === null || mls!.group_id.toString('base64') !== this.#groupId) return;
    if (mls!.epoch < this.epoch) return;
    const message = decode(encrypted_body);
    if (message.wireformat !== 'mls_private_message' && message.wireformat !== 'mls_public_message') {
      throw new Error('a commit is a handshake message');
    }
    const done = await processMessage(message, this.#group, emptyPskIndex, acceptAll, this.#suite);
    this.#group = done.newState;
  }

  async #join({ encrypted_body, mls }: WireMessage): Promise<void> {
    const message = decode(encrypted_body);
    if (message.wireformat !== 'mls_welcome') throw new Error('a welcome is one');
    for (const { publicPackage, privatePackage } of this.#packages) {
      try {
        this.#group = await joinGroup(message.welcome, publicPackage, privatePackage, emptyPskIndex, this.#suite);
        this.#groupId = mls!.group_id.toString('base64');
        return;
      } catch {
        // For another of this device's packages.
      }
    }
    throw new Error('the welcome is for none of the packages of this device');
  }

  async #hear({ encrypted_body }: WireMessage): Promise<void> {
    try {
      const message = decode(encrypted_body);
      if (this.#group === null || message.wireformat !== 'mls_private_message')
        throw new Error('nothing to read it with');
      const done = await processMessage(message, this.#group, emptyPskIndex, acceptAll, this.#suite);
      this.#group = done.newState;
      this.heard.push(done.kind === 'applicationMessage' ? Buffer.from(done.message).toString() : 'unreadable');
    } catch {
      this.heard.push('unreadable');
    }
  }
}
