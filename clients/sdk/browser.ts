/**
 * Everything that a page needs, in one module: `npm run bundle` makes dist/parley.browser.js of it, which loads without a bundler.
 *
 * ```js
 * import { ParleyClient, browserEnvironment, openBrowserStores } from './parley.browser.js';
 * ```
 */
import { browserClock, browserRandom, browserTimers } from './environment.browser.ts';
import { browserTransport } from './transport.browser.ts';

export { hasCode, ParleyError } from '@parley/schemas/errors/parley-error';
export type { WireMessage } from '@parley/schemas/generated/wire';
export { directConversationId } from '@parley/schemas/identity/conversation-id';
export { AccountApi, RefreshingCredentials, type TokenStore, type Tokens } from './account.ts';
export { ParleyClient } from './client.ts';
export { type Contact, type ContactPage, ContactsApi, type DiscoveredUser } from './contacts.ts';
export { ConversationKeysApi } from './conversation-keys.ts';
export type { ListedConversation } from './conversation-list.ts';
export { type DeviceLink, DevicesApi, type OwnDevice } from './devices.ts';
export type { ClientEvents, MessageStatus, Verdict } from './events.ts';
export {
  type ChangedGroup,
  type Group,
  type GroupMember,
  type GroupSettings,
  type GroupSummary,
  GroupsApi,
  type NewGroup,
} from './groups.ts';
export {
  type ClaimedDevice,
  type DeviceIdentity,
  type KeySupply,
  KeysApi,
  type NumberedKey,
  type UserIdentity,
} from './keys.ts';
export { muteForEver } from './marks.ts';
export type { MlsMessage } from './mls-message.ts';
export { MlsOrder, type MlsPosition } from './mls-order.ts';
export { type ExportedAccount, OwnDataApi } from './own-data.ts';
export { type Privacy, PrivacyApi } from './privacy.ts';
export { type OwnProfile, type Profile, type ProfileChanges, ProfilesApi } from './profiles.ts';
export type { ClientOptions, ClientSettings, NewMessage } from './settings.ts';
export { type BrowserStores, openBrowserStores } from './stores.browser.ts';
export type { Cursor, CursorStore, OutboxEntry, OutboxStore } from './stores.ts';

/** The parts of a client's options that are the same in every page. */
export const browserEnvironment = {
  transport: browserTransport,
  clock: browserClock,
  timers: browserTimers,
  random: browserRandom,
};
