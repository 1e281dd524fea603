/** Every command of `npm run replay`, in the order in which `--help` lists them. */
import type { Command } from '../cli/command.ts';
import { audit } from './audit.ts';
import { status } from './status.ts';

export const commands: readonly Command[] = [status, audit];
