/** What the harness can do to a service that runs as a process of this machine: install, start, harm and repair it. */

export type ServiceState = 'up' | 'starting' | 'paused' | 'down';

export interface ServiceStatus {
  name: string;
  state: ServiceState;
  pid: number | null;
  /** What clients connect to: `host:port`, or a URL where the protocol has one. */
  address: string;
  residentKib: number;
}

export interface NativeService {
  readonly name: string;
  readonly address: string;
  /** The process that runs now, started by whomever, or null. */
  readonly pid: number | null;
  /** Where its configuration, data and logs lie. */
  readonly folders: readonly string[];
  /** Puts in place whatever the service needs and is missing. */
  install(): Promise<void>;
  /** Resolves when the service really answers; does nothing if it already does. */
  start(): Promise<void>;
  /** Asks it to end (SIGTERM), and insists after a while. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would; resolves when the process is gone, so that its ports are free. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** SIGSTOP: alive for the network, dead for its clients. */
  pause(): void;
  resume(): void;
  isReady(): Promise<boolean>;
  status(): Promise<ServiceStatus>;
  /** Kills it and removes all that it stored. */
  wipe(): Promise<void>;
}
