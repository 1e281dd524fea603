/** Shows how far a rebuild is: a bar for each topic, with the rate of the last moments. */
import type { Clock } from '@parley/schemas/environment/clock';
import type { Progress, ProgressBar } from '../cli/progress.ts';
import type { RebuildObserver } from './rebuild.ts';

const updateEveryMs = 200;

export function watchRebuild({ progress, clock }: { readonly progress: Progress; readonly clock: Clock }): {
  readonly observe: RebuildObserver;
  end(): void;
} {
  const bars = new Map<string, { bar: ProgressBar; startedMs: number; startedAt: number; shownMs: number }>();
  const observe: RebuildObserver = (topic, done, total) => {
    const nowMs = clock.nowMs();
    let one = bars.get(topic);
    if (one === undefined) {
      one = { bar: progress.bar(topic, 'records'), startedMs: nowMs, startedAt: done, shownMs: 0 };
      bars.set(topic, one);
    }
    if (nowMs - one.shownMs < updateEveryMs && done < total) return;
    one.shownMs = nowMs;
    const perSecond = Math.round(((done - one.startedAt) * 1_000) / Math.max(1, nowMs - one.startedMs));
    one.bar.update(done, total, `${perSecond}/s`);
  };
  return {
    observe,
    end() {
      for (const { bar } of bars.values()) bar.end();
    },
  };
}
