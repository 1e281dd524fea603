/**
 * What every main does around its wiring: read the configuration, start, say so, and on SIGTERM or SIGINT stop in order.
 *
 * A second signal, or a stop that takes longer than `stopTimeoutMs`, ends the process at once. An error that nobody caught ends
 * it too: a process in an unknown state must not go on.
 */
import type { Logger } from 'pino';
import type { z } from 'zod';
import { ConfigError, loadConfig, type Unfit } from './config.ts';
import { describeConfig } from './describe-config.ts';
import { createLogger } from './logger.ts';

/** EX_CONFIG of sysexits.h: starting again without a change is of no use. */
const misconfigured = 78;

export interface Running {
  /** Stops taking work, finishes what is in flight, closes what was opened, in that order. */
  stop(): Promise<void>;
}

export interface MainOptions<S extends z.ZodObject> {
  readonly name: string;
  readonly config: S;
  /** What must not be, in production above all. */
  readonly unfit?: Unfit<S>;
  readonly stopTimeoutMs: number;
  start(config: z.infer<S>, logger: Logger): Promise<Running>;
}

/** Null if the process is to end now: it was asked for help, or the configuration is not fit to start with. */
export function readConfig<S extends z.ZodObject>(
  options: Pick<MainOptions<S>, 'name' | 'config' | 'unfit'>,
): z.infer<S> | null {
  if (process.argv.includes('--help')) {
    console.log([`${options.name}: configuration from the environment`, ...describeConfig(options.config)].join('\n'));
    return null;
  }
  try {
    return loadConfig(options.config, process.env, options.unfit);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`${options.name}: ${error.message}`);
    process.exitCode = misconfigured;
    return null;
  }
}

export function runMain<S extends z.ZodObject>(options: MainOptions<S>): void {
  const config = readConfig(options);
  if (config === null) return;
  const level = (config as { PARLEY_LOG_LEVEL?: string }).PARLEY_LOG_LEVEL ?? 'info';
  superviseProcess(options, config, createLogger(options.name, level));
}

function superviseProcess<S extends z.ZodObject>(options: MainOptions<S>, config: z.infer<S>, logger: Logger): void {
  const started = options.start(config, logger);
  let stopping = false;
  const end = (code: number): void => {
    logger.flush();
    process.exit(code);
  };
  const stop = (signal: string): void => {
    if (stopping) {
      end(1);
      return;
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('stopping took too long');
      end(1);
    }, options.stopTimeoutMs).unref();
    started
      .then((running) => running.stop())
      .then(
        () => end(0),
        (error: unknown) => {
          logger.error({ err: error }, 'stopping failed');
          end(1);
        },
      );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  const die = (error: unknown): void => {
    logger.fatal({ err: error }, 'an error that nobody caught');
    end(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  started.then(() => logger.info('started'), die);
}
