/**
 * Who sends read receipts: whoever does not is told of nobody's either.
 *
 * Nearly always the answer is known. Where it is not and SQL does not answer, the user counts as one who sends none: what was told
 * cannot be taken back, and what was not is told with the next.
 */
import { ParleyError } from '@parley/schemas/errors/parley-error';
import type { PrivacySource } from './presence-visibility.ts';

export class ReadPrivacy {
  readonly #privacy: Pick<PrivacySource, 'settingsOf' | 'knownSettings'>;
  /** Questions under way: one for each user. */
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(privacy: Pick<PrivacySource, 'settingsOf' | 'knownSettings'>) {
    this.#privacy = privacy;
  }

  /** Undefined: it has to be asked. */
  known(userId: string): boolean | undefined {
    return this.#privacy.knownSettings(userId)?.readReceipts;
  }

  sendsReceipts(userId: string): Promise<boolean> {
    const asked = this.#asking.get(userId) ?? this.allSendReceipts([userId]).then(([sends]) => sends!);
    this.#asking.set(userId, asked);
    return asked.finally(() => this.#asking.delete(userId));
  }

  /** In the order asked. */
  async allSendReceipts(userIds: readonly string[]): Promise<readonly boolean[]> {
    try {
      return (await this.#privacy.settingsOf(userIds)).map(({ readReceipts }) => readReceipts);
    } catch (error) {
      if (error instanceof ParleyError) return userIds.map(() => false);
      throw error;
    }
  }
}
