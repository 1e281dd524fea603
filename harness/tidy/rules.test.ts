/** Every rule catches what it is for, and lets pass what it is not for: a rule that can't fail says nothing. */
import { describe, expect, it } from 'vitest';
import { codeOnly } from './code-only.ts';
import {
  disagreeingVersions,
  explainedInVain,
  inexactVersions,
  isFree,
  unexplained,
  unfreeLicences,
} from './dependencies.ts';
import { declaredImports, importDirections, type Manifest } from './directions.ts';
import { importsOf } from './imports.ts';
import { isPureCore, pureCore, staleEdges, systemOnlyInMains } from './purity.ts';
import { type Rule, sourceFile } from './source-file.ts';
import {
  medianLines,
  noEmptyNames,
  noEscapes,
  noLongFiles,
  noMachinePaths,
  nothingUnfinished,
  opensWithComment,
} from './style.ts';
import { noSilentSkips, unnamedRules } from './tests.ts';
import { unusedDependencies } from './unused.ts';

const found = (rule: Rule, path: string, text: string) =>
  rule([sourceFile(path, text)]).map((violation) => `${violation.line} ${violation.found}`);

describe('codeOnly', () => {
  /** Written with a § for the dollar sign, so that the fixtures are no templates. */
  const code = (text: string) => codeOnly(text.replaceAll('§', '$'));
  const squeezed = (text: string) => code(text).replaceAll(' ', '').replaceAll('$', '§');

  it('blanks comments, strings, templates and regular expressions, and keeps code and positions', () => {
    const text = "a('b'); // c\nconst d = `e §{f(`g`)} h`; /* i */ j = /k\\/['l]/.test(m) / n; o = 'p\\'q';";
    expect(code(text)).toHaveLength(text.length);
    expect(squeezed(text)).toBe("a('');\nconstd=`§{f(``)}`;j=//.test(m)/n;o='';");
  });

  it('keeps an object inside of a template as code', () => {
    expect(squeezed('`x §{f({ a: { b: 1 } })} y` + z')).toBe('`§{f({a:{b:1}})}`+z');
  });
});

describe('style', () => {
  it('catches a file that is too long', () => {
    expect(found(noLongFiles, 'streams/a.ts', 'x\n'.repeat(401))).toEqual(['401 401 lines']);
    expect(found(noLongFiles, 'streams/a.ts', 'x\n'.repeat(400))).toEqual([]);
    expect(medianLines([1, 5, 3].map((count) => sourceFile(`a${count}.ts`, 'x\n'.repeat(count))))).toBe(3);
  });

  it.each(['streams/utils/a.ts', 'apps/api/helpers.ts', 'apps/api/session-manager.ts', 'lib/a.ts'])(
    'catches %s',
    (path) => {
      expect(found(noEmptyNames, path, '')).toHaveLength(1);
    },
  );

  it('catches a module that does not say what it is for', () => {
    expect(found(opensWithComment, 'streams/a.ts', "import x from 'x';")).toHaveLength(1);
    expect(found(opensWithComment, 'streams/a.ts', '/** What. */\n')).toEqual([]);
    expect(found(opensWithComment, 'streams/a.test.ts', "import x from 'x';")).toEqual([]);
  });

  it('catches what is marked as unfinished', () => {
    expect(found(nothingUnfinished, 'docs/a.md', `one\nTO${'DO'}: two`)).toEqual([`2 TO${'DO'}`]);
  });

  it('catches a path of one machine', () => {
    expect(found(noMachinePaths, 'a.ts', `'/${'home'}/me/x'`)).toHaveLength(1);
    expect(found(noMachinePaths, 'a.ts', "'/v1/homework/x', './work/x'")).toEqual([]);
  });

  it.each([
    'const x: any = 1;',
    'f(x as any);',
    'const x: Map<string, any> = y;',
    `// @ts-${'ignore'}\n`,
    'try { f(); } catch {}',
    'try { f(); } catch (error) {\n}',
    'f().catch(() => {});',
    'f().catch(() => undefined);',
  ])('catches the escape %j', (text) => {
    expect(found(noEscapes, 'a.ts', text)).toHaveLength(1);
  });

  it.each([
    "it('has no any: type', f);",
    'expect.any(Number);',
    'try { f(); } catch { return null; }',
    'f().catch(() => undefined); // It may be closed already.',
    '// catch {}',
  ])('lets %j pass', (text) => {
    expect(found(noEscapes, 'a.ts', text)).toEqual([]);
  });
});

describe('tests', () => {
  it.each(['it.skip(', 'describe.skip(', 'test.todo(', 'it.skipIf(x)(', 'it.concurrent.skip(', 'xit('])(
    'catches %s',
    (text) => {
      expect(found(noSilentSkips, 'a.test.ts', `\n${text}`)).toHaveLength(1);
    },
  );

  it('lets a skip with its reason pass, but no only', () => {
    expect(found(noSilentSkips, 'a.test.ts', '// Left out because of the moon\nit.skip(')).toEqual([]);
    expect(found(noSilentSkips, 'a.test.ts', '// Left out because of the moon\nit.only(')).toHaveLength(1);
    expect(found(noSilentSkips, 'a.test.ts', "it('does not .skip( a beat'")).toEqual([]);
  });

  it('knows which rules of the design no test names', () => {
    const file = sourceFile('a.test.ts', "it('rule 1: x'); it('rules 3 and 4: y'); // rule 2");
    expect(unnamedRules([file], [1, 2, 3, 4, 5])).toEqual([2, 5]);
  });
});

describe('importsOf', () => {
  it('reads every form, and no string or comment', () => {
    const text = [
      "import a from 'a';",
      "import type { B } from 'b';",
      "import {\n  c,\n} from 'c';",
      "export { d } from 'd';",
      "import 'e';",
      "await import('f');",
      "// import g from 'g';",
      'const h = "import h from \'h\'";',
    ].join('\n');
    const imports = importsOf(sourceFile('x.ts', text));
    expect(imports.map(({ specifier }) => specifier)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(imports.filter(({ typeOnly }) => typeOnly).map(({ specifier }) => specifier)).toEqual(['b']);
  });
});

describe('the pure core', () => {
  it.each([
    'const t = Date.now();',
    'const t = new Date();',
    'const t = Math.random();',
    'setTimeout(f, 1);',
    'const timer = setInterval(f, 1);',
    "await fetch('x');",
    'const dial = options.dial ?? fetch(url);',
    'const x = process.env.X;',
    'const x = performance.now();',
    'const x = crypto.randomUUID();',
    "import { randomBytes } from 'node:crypto';",
    "import { connect } from 'node:net';",
    "import { readFileSync } from 'node:fs';",
    "import { v7 } from 'uuid';\nconst id = v7();",
    "import { v4 as uuid } from 'uuid';\nconst id = uuid();",
    "import { v7 } from 'uuid';\nconst id = v7({ random });",
    "import { Kafka } from 'kafkajs';",
    "import { systemClock } from '@parley/schemas/environment/system';",
  ])('has no %j', (text) => {
    expect(found(pureCore, 'streams/conversation/decide.ts', text)).toHaveLength(1);
    expect(found(pureCore, 'streams/log/kafka/log.kafka.test.ts', text)).toEqual([]);
  });

  it.each([
    'const t = new Date(clock.nowMs());',
    "const t = 'Date.now()'; // setTimeout()",
    'timers.after(1, f);',
    'interface History {\n  fetch(userId: string): Promise<Page>;\n}',
    'this.setTimeout(f);',
    "import { createHash } from 'node:crypto';",
    "import { v5 } from 'uuid';\nconst id = v5(name, space);",
    "import { v4 as uuid } from 'uuid';\nconst id = uuid({ random: random.bytes(16) });",
    "import { v7 } from 'uuid';\nconst id = v7({ random, msecs: clock.nowMs() });",
    "import type { Kafka } from 'kafkajs';",
  ])('may have %j', (text) => {
    expect(found(pureCore, 'streams/conversation/decide.ts', text)).toEqual([]);
  });

  it('has its edges by name', () => {
    expect(isPureCore('streams/log/log.ts')).toBe(true);
    expect(isPureCore('apps/gateway/session.ts')).toBe(true);
    expect(isPureCore('projections/messages/store.cql.ts')).toBe(false);
    expect(isPureCore('apps/gateway/main.ts')).toBe(false);
    expect(isPureCore('clients/sdk/client.ts')).toBe(false);
  });

  it('gets its clock from mains alone', () => {
    const text = "import { systemClock } from '@parley/schemas/environment/system';";
    expect(found(systemOnlyInMains, 'streams/log/log.kafka.ts', text)).toHaveLength(1);
    expect(found(systemOnlyInMains, 'apps/gateway/main.ts', text)).toEqual([]);
  });

  it('has no edge that is gone', () => {
    expect(staleEdges([]).length).toBeGreaterThan(0);
    expect(staleEdges([sourceFile('schemas/environment/system.ts', 'export const x = 1;')])).toContain(
      'schemas/environment/system.ts',
    );
  });
});

const manifest = (folder: string, contents: Manifest) => sourceFile(`${folder}/package.json`, JSON.stringify(contents));
const workspaces = [
  manifest('schemas', { name: '@parley/schemas' }),
  manifest('streams', { name: '@parley/streams', dependencies: { '@parley/schemas': '0.1.0' } }),
  manifest('apps/api', { name: '@parley/api', dependencies: { '@parley/streams': '0.1.0' } }),
  manifest('apps/runtime', { name: '@parley/runtime' }),
  manifest('clients/sdk', { name: '@parley/sdk', dependencies: { '@parley/schemas': '0.1.0' } }),
  manifest('harness', { name: '@parley/harness' }),
];
const foundAmong = (rule: Rule, path: string, text: string) => rule([...workspaces, sourceFile(path, text)]).length;

describe('imports', () => {
  it.each([
    ['schemas/a.ts', '@parley/streams/log/log'],
    ['streams/a.ts', '@parley/api/routes'],
    ['clients/sdk/a.ts', '@parley/streams/log/log'],
    ['apps/api/a.ts', '@parley/harness/services/kafka'],
    ['apps/runtime/a.ts', '@parley/api/routes'],
    ['streams/a.ts', '../schemas/a.ts'],
    ['streams/a.ts', './b'],
    ['streams/a.ts', './b.js'],
  ])('of %s: not %s', (path, specifier) => {
    expect(foundAmong(importDirections, path, `import x from '${specifier}';`)).toBe(1);
  });

  it.each([
    ['streams/a.ts', '@parley/schemas/errors/invariant'],
    ['apps/api/a.ts', '@parley/streams/log/log'],
    ['apps/api/a.ts', '@parley/runtime/config'],
    ['harness/a.ts', '@parley/api/routes'],
    ['streams/log/a.ts', '../conversation/b.ts'],
  ])('of %s: %s', (path, specifier) => {
    expect(foundAmong(importDirections, path, `import x from '${specifier}';`)).toBe(0);
  });

  it('are declared by the workspace that makes them', () => {
    expect(foundAmong(declaredImports, 'streams/a.ts', "import x from 'lmdb';")).toBe(1);
    expect(foundAmong(declaredImports, 'streams/a.ts', "import x from '@parley/schemas/a';")).toBe(0);
    expect(foundAmong(declaredImports, 'streams/a.ts', "import x from 'node:fs';")).toBe(0);
  });
});

describe('dependencies', () => {
  const workspace = (dependencies: Record<string, string>) => ({ folder: 'a', manifest: { name: 'a', dependencies } });

  it.each(['^1.0.0', '~1.0.0', '1', 'latest', '*', 'github:a/b', 'npm:x@^1.0.0'])('are not at %s', (version) => {
    expect(inexactVersions([workspace({ x: version })])).toHaveLength(1);
  });

  it('may be aliases of an exact version', () => {
    expect(inexactVersions([workspace({ x: 'npm:@y/x@1.0.0', z: '1.2.3' })])).toEqual([]);
  });

  it('have one version', () => {
    expect(disagreeingVersions([workspace({ x: '1.0.0' }), workspace({ x: '1.0.1' })])).toHaveLength(1);
  });

  it('have free licences', () => {
    expect(['MIT', '(MIT OR GPL-3.0)', 'MIT AND Zlib'].map(isFree)).toEqual([true, true, true]);
    expect(['AGPL-3.0', 'MIT AND GPL-3.0', undefined].map(isFree)).toEqual([false, false, false]);
    expect(unfreeLicences({ 'node_modules/x': { license: 'SSPL-1.0' }, a: {} })).toHaveLength(1);
  });

  it('are used: by an import, by a script, or as types of what is used', () => {
    const manifest = {
      name: 'a',
      dependencies: { imported: '1.0.0', idle: '1.0.0' },
      devDependencies: {
        '@types/imported': '1.0.0',
        '@types/idle': '1.0.0',
        '@types/node': '1.0.0',
        scripted: '1.0.0',
      },
      scripts: { build: 'scripted --all' },
    };
    const files = [
      sourceFile('a/package.json', JSON.stringify(manifest)),
      sourceFile('a/x.ts', "import type { X } from 'imported/x';"),
      sourceFile(
        'package.json',
        JSON.stringify({ name: 'root', devDependencies: { typescript: '1.0.0', tool: '1.0.0' } }),
      ),
      sourceFile('run.mjs', "spawn('tsc', []);"),
    ];
    expect(unusedDependencies(files).map(({ path, found }) => `${path} ${found}`)).toEqual([
      'a/package.json nothing uses idle',
      'a/package.json nothing uses @types/idle',
      'package.json nothing uses tool',
    ]);
  });

  it('are explained, and only they', () => {
    expect(unexplained([workspace({ x: '1.0.0' })], '| `y` | why |')).toHaveLength(1);
    expect(explainedInVain([workspace({ x: '1.0.0' })], '| `x` | why |\n| `y` | why |')).toHaveLength(1);
  });
});
