/** Everything that is derived from the log and asked for, behind one object: what an adapter's opening returns. */
import type { CheckpointStore } from '@parley/streams/log/log';
import type {
  ConversationProjector,
  FoldStateStore,
  InboxLookup,
  MemberLookup,
  MessageLookup,
  ReceiptProjector,
} from '@parley/streams/processors/ports';
import type { HistoryReader } from './history/reader.ts';
import type { InboxStore } from './inbox/store.ts';
import type { MemberStore } from './members/store.ts';
import type { MessageStore } from './messages/store.ts';
import type { ReceiptStore } from './receipts/store.ts';

export interface Projections {
  readonly messages: MessageStore;
  readonly members: MemberStore;
  readonly inbox: InboxStore;
  readonly receipts: ReceiptStore;
  readonly foldState: FoldStateStore;
  readonly conversationProjector: ConversationProjector;
  readonly receiptProjector: ReceiptProjector;
  readonly messageLookup: MessageLookup;
  readonly memberLookup: MemberLookup;
  readonly inboxLookup: InboxLookup;
  readonly history: Pick<HistoryReader, 'fetch' | 'before' | 'around' | 'membersThen' | 'withheld'>;
  /** Of an embedded log's groups; Kafka keeps its own. */
  readonly checkpoints?: CheckpointStore;
  close(): Promise<void>;
}
