/** What the processes of Parley said in their logs that a check needs: pushes that went out, and problems. */
import type { LogLine } from './app-process.ts';
import type { ObservedPush } from './world.ts';

const errorLevel = 50;

export class Observations {
  readonly pushes: ObservedPush[] = [];
  readonly problems: string[] = [];

  take(process: string, line: LogLine): void {
    if (line.msg === 'push') {
      const { recipientUserId, recipientDeviceId, conversationId, seq } = line as Record<string, unknown>;
      this.pushes.push({
        userId: String(recipientUserId),
        deviceId: String(recipientDeviceId),
        conversationId: String(conversationId),
        seq: Number(seq),
      });
    }
    if ((line.level ?? 0) >= errorLevel) this.problems.push(`${process}: ${JSON.stringify(line)}`);
  }
}
