/** Every command of `npm run replay`, in the order in which `--help` lists them. */
import type { Command } from '../cli/command.ts';
import { audit } from './audit.ts';
import { exportCommand } from './export.ts';
import { rebuild } from './rebuild.ts';
import { retire } from './retire.ts';
import { rollback } from './rollback.ts';
import { show } from './show.ts';
import { status } from './status.ts';
import { swap } from './swap.ts';
import { trace } from './trace.ts';
import { verify } from './verify.ts';

export const commands: readonly Command[] = [
  status,
  show,
  trace,
  rebuild,
  verify,
  swap,
  rollback,
  retire,
  exportCommand,
  audit,
];
