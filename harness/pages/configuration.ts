/** The tables of docs/CONFIGURATION.md, from the schemas by which the apps read their environment. */
import { config as api, configProblems as unfitApi } from '@parley/api/config';
import { config as gateway, configProblems as unfitGateway } from '@parley/gateway/config';
import { config as processor } from '@parley/processor/config';
import { config as pusher } from '@parley/pusher/config';
import { config as replay } from '@parley/replay/config';
import { unsafeInProduction } from '@parley/runtime/cluster-config';
import { type DescribedKey, describeKeys } from '@parley/runtime/describe-config';
import { fillSections, table } from '@parley/schemas/pages/marked-sections';
import { config as setup } from '@parley/setup/config';
import { config as standalone } from '@parley/standalone/config';
import type { z } from 'zod';

export interface ConfiguredApp {
  readonly name: string;
  readonly config: z.ZodObject;
  readonly unfit: (values: never) => readonly string[];
}

export const configuredApps: readonly ConfiguredApp[] = [
  { name: 'standalone', config: standalone, unfit: unfitApi },
  { name: 'gateway', config: gateway, unfit: unfitGateway },
  { name: 'api', config: api, unfit: unfitApi },
  { name: 'processor', config: processor, unfit: unsafeInProduction },
  { name: 'pusher', config: pusher, unfit: unsafeInProduction },
  { name: 'setup', config: setup, unfit: unsafeInProduction },
];

/** A command reads its configuration only where it needs it, and starts without. */
const commands = [{ name: 'replay', config: replay }];

const documented: readonly Pick<ConfiguredApp, 'name' | 'config'>[] = [...configuredApps, ...commands];

interface Row extends DescribedKey {
  readonly apps: readonly string[];
}

/** A key that means the same in several apps is one row. */
function rows(): Row[] {
  const byMeaning = new Map<string, Row>();
  for (const { name, config } of documented) {
    for (const key of describeKeys(config)) {
      const meaning = JSON.stringify(key);
      byMeaning.set(meaning, { ...key, apps: [...(byMeaning.get(meaning)?.apps ?? []), name] });
    }
  }
  return [...byMeaning.values()];
}

function cells({ key, description, type, byDefault, required, secret }: Row): string[] {
  const otherwise = required ? '**needed**' : byDefault === null || byDefault === '' ? '' : `\`${byDefault}\``;
  return [`\`${key}\`${secret ? ' (secret)' : ''}`, type, otherwise, description];
}

export function fillConfiguration(page: string): string {
  const all = rows();
  const header = ['key', 'value', 'default', 'meaning'];
  const shared = all.filter(({ apps }) => apps.length > 1);
  const sections = new Map([
    [
      'keys of several programs',
      table(
        [...header, 'read by'],
        shared.map((row) => [...cells(row), row.apps.join(', ')]),
      ),
    ],
  ]);
  for (const { name } of documented) {
    const own = all.filter(({ apps }) => apps.length === 1 && apps[0] === name);
    sections.set(`keys of ${name}`, own.length === 0 ? 'None of its own.' : table(header, own.map(cells)));
  }
  return fillSections(page, sections);
}
