/** Progress of long work: bars on a terminal, nothing where nobody looks or where stdout must stay JSON. */
import { MultiBar, Presets } from 'cli-progress';

export interface ProgressBar {
  /** `detail` stands behind the numbers. */
  update(done: number, total: number, detail?: string): void;
  end(): void;
}

export interface Progress {
  bar(name: string, unit: string): ProgressBar;
  /** Takes the bars off the terminal. */
  close(): void;
}

const silentBar: ProgressBar = { update: () => undefined, end: () => undefined };

export const silentProgress: Progress = { bar: () => silentBar, close: () => undefined };

/** Bars on a terminal's stderr, so that stdout can be piped. */
export function terminalProgress(stream: NodeJS.WritableStream): Progress {
  const format = '{name} {bar} {percentage}% {value}/{total} {unit} {detail}';
  const bars = new MultiBar(
    { format, stream, hideCursor: true, clearOnComplete: false, barsize: 24 },
    Presets.shades_classic,
  );
  return {
    bar(name, unit) {
      const bar = bars.create(1, 0, { name, unit, detail: '' });
      return {
        update(done, total, detail = '') {
          bar.setTotal(Math.max(1, total));
          bar.update(Math.min(done, Math.max(1, total)), { detail });
        },
        end: () => bar.stop(),
      };
    },
    close: () => bars.stop(),
  };
}
