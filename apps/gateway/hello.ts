/** The first frame: who the connection is for, the server's time, and the limits that it applies. */
import type { HelloFrame } from '@parley/schemas/generated/wire';
import { currentRules } from '@parley/streams/conversation/rules';
import type { Connection } from './connection.ts';
import type { GatewaySettings } from './settings.ts';

export function helloOf(connection: Connection, settings: GatewaySettings, nowMs: number): HelloFrame {
  return {
    connection_id: connection.connectionId,
    user_id: connection.userId,
    device_id: connection.deviceId,
    gateway_id: settings.gatewayId,
    server_time_ms: nowMs,
    heartbeat_interval_ms: settings.heartbeatIntervalMs,
    heartbeat_timeout_ms: settings.heartbeatTimeoutMs,
    rules_version: currentRules.version,
    limits: {
      max_frame_bytes: settings.maxFrameBytes,
      max_body_bytes: settings.maxBodyBytes,
      max_preview_chars: settings.maxPreviewChars,
      max_page_entries: settings.maxPageEntries,
      max_inbox_entries: settings.maxInboxEntries,
      max_watched: settings.maxWatched,
      live_window: settings.liveWindow,
      messages_per_minute: settings.messagesPerMinute,
      message_id_window_ms: currentRules.messageIdWindowMs,
    },
  };
}
