/** The scenarios, in the order in which they run; the one that restarts everything comes last. */
import {
  accountIsDeleted,
  addressBook,
  ownDataIsExported,
  revokedWithinASecond,
  secondDeviceIsLinked,
} from './accounts.ts';
import { blocked } from './blocks.ts';
import { asleepForTwoBuckets, clockAMinuteWrong } from './clocks.ts';
import { aroundAMessage, conversationList } from './conversation-list.ts';
import { disappearing } from './disappearing.ts';
import { groupReceipts } from './group-receipts.ts';
import { adminsOnly, aGroupsLife, changesAcrossCrashes, inviteLink, lastAdminLeaves, manyAddAtOnce } from './groups.ts';
import { keysOfDevices } from './keys.ts';
import { largeGroup } from './large-group.ts';
import { mlsGroupOfThree } from './mls.ts';
import { oddStrings } from './odd-strings.ts';
import {
  connectInTheMiddleOfABurst,
  offlineThenSync,
  tenThousandMessagesOfBacklog,
  threeDevicesOfOneUser,
} from './offline.ts';
import { onlineOnOneGateway, onlineOnTwoGateways } from './online.ts';
import { gatewayKilled, presencePrivacy, tooManyFrames, typingShown } from './presence.ts';
import { pythonClient } from './python-client.ts';
import { receiptsDelayed, receiptsLive } from './receipts.ts';
import { badFrames, foreignConversation, wrongToken } from './refusals.ts';
import { sameIdTwice, senderRetriesAcrossAReconnect } from './retry.ts';
import type { Scenario } from './scenario.ts';
import { slowReader } from './slow-reader.ts';

export const scenarios: readonly Scenario[] = [
  onlineOnOneGateway,
  onlineOnTwoGateways,
  offlineThenSync,
  threeDevicesOfOneUser,
  receiptsLive,
  receiptsDelayed,
  groupReceipts,
  conversationList,
  aroundAMessage,
  disappearing,
  blocked,
  aGroupsLife,
  lastAdminLeaves,
  inviteLink,
  adminsOnly,
  manyAddAtOnce,
  largeGroup,
  changesAcrossCrashes,
  keysOfDevices,
  mlsGroupOfThree,
  presencePrivacy,
  typingShown,
  tooManyFrames,
  gatewayKilled,
  secondDeviceIsLinked,
  revokedWithinASecond,
  addressBook,
  ownDataIsExported,
  accountIsDeleted,
  senderRetriesAcrossAReconnect,
  sameIdTwice,
  connectInTheMiddleOfABurst,
  clockAMinuteWrong,
  wrongToken,
  foreignConversation,
  badFrames,
  oddStrings,
  pythonClient,
  slowReader,
  tenThousandMessagesOfBacklog,
  asleepForTwoBuckets,
];
