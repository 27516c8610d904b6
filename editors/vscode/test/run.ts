// Runs the tests against a real VS Code, and says what ran against which version.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import * as path from 'node:path';
import { programs, REPOSITORY } from './workbench.ts';

const found = programs();
const here = import.meta.dirname;
const wanted = process.argv.slice(2);
const names = wanted.length > 0 ? wanted : ['unit', 'ghost', 'slow', 'settings', 'status', 'actions', 'trust', 'install', 'restart', 'host'];
const files = names.map((name) => path.join(here, `${name}.test.ts`));
const passed = new Map<string, number>();
let failed = 0;

const stream = run({ files, concurrency: 1, execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'] });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite' || event.name.endsWith('.test.ts')) return;
  const file = path.basename(event.file ?? '?', '.test.ts');
  passed.set(file, (passed.get(file) ?? 0) + 1);
});
stream.on('test:fail', () => failed++);
stream.compose(spec).pipe(process.stdout);
stream.on('end', () => {
  const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, 'editors/vscode/package.json'), 'utf8')) as { version: string };
  const chromium = execFileSync(found.chromium, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const count = [...passed].map(([file, tests]) => `${file} ${tests}`).join(', ');
  console.log(`\nVS Code ${found.version} in ${chromium}, extension ${version}: passed ${count || 'nothing'}; failed ${failed}`);
  process.exitCode = failed > 0 ? 1 : 0;
});
