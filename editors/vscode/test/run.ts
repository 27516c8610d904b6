// Runs the tests against a real VS Code, and says in the end what ran against which versions. `run.ts ghost slow` runs
// two files. A file that fails is run once more, which the end says: a page may be drawn too late on a busy machine.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { installExtension, programs, REPOSITORY, VSIX, type Programs } from './workbench.ts';

const FIRST = ['unit']; // seconds, and no VS Code
const here = import.meta.dirname;
const all = globSync('*.test.ts', { cwd: here }).map((file) => path.basename(file, '.test.ts')).sort();

interface Result {
  passed: number;
  failed: number;
}

function lacking(names: readonly string[]): string | undefined {
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0) return `there is no ${unknown.join(', ')}; there are ${all.join(', ')}`;
  if (!existsSync(VSIX)) return 'the extension is not built; build it with: make vsix';
  return undefined;
}

/** Run one file and count its tests; what they print is shown. */
async function runFile(name: string): Promise<Result> {
  const result = { passed: 0, failed: 0 };
  console.log(`\n${name}`);
  const stream = run({ files: [path.join(here, `${name}.test.ts`)], execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'] });
  stream.on('test:pass', (event) => {
    if (event.details.type !== 'suite' && !event.name.endsWith('.test.ts')) result.passed++;
  });
  stream.on('test:fail', () => result.failed++);
  const shown = stream.compose(spec);
  shown.on('data', (part: Buffer | string) => process.stdout.write(withoutTotals(String(part))));
  await new Promise((resolve) => shown.on('end', resolve));
  return result;
}

/** The reporter ends each file with eight lines of totals; ours come once, at the end. */
function withoutTotals(text: string): string {
  return text.replaceAll(/^.*ℹ (tests|suites|pass|fail|cancelled|skipped|todo) \d+\n?/gm, '');
}

function versions(found: Programs): string {
  const { version } = JSON.parse(readFileSync(path.join(REPOSITORY, 'editors/vscode/package.json'), 'utf8')) as { version: string };
  const of = (program: string) => execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const chromium = /\d[\d.]*/.exec(of(found.chromium))?.[0] ?? '';
  return `VS Code ${found.version} in Chromium ${chromium}, extension ${version}, Node ${of(found.node).trim().slice(1)}`;
}

async function main(asked: readonly string[]): Promise<number> {
  const names = asked.length > 0 ? asked : [...FIRST, ...all.filter((name) => !FIRST.includes(name))];
  const reason = lacking(names);
  if (reason) {
    console.error(`VS Code was not tested, because ${reason}`);
    return 1;
  }
  let found: Programs;
  try {
    found = programs();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
  const began = Date.now();
  const extensions = mkdtempSync(path.join(os.tmpdir(), 'nearside-extensions-'));
  process.once('exit', () => rmSync(extensions, { recursive: true, force: true }));
  if (names.some((name) => !FIRST.includes(name))) {
    installExtension(found, extensions);
    process.env.NEARSIDE_EXTENSIONS = extensions; // for each file's VS Code to begin with
  }
  const lines: string[] = [];
  const again: string[] = [];
  const total = { passed: 0, failed: 0 };
  for (const name of names) {
    const start = Date.now();
    let result = await runFile(name);
    if (result.failed > 0 || result.passed === 0) {
      console.log(`\n${name} failed, and is run once more`);
      result = await runFile(name);
      if (result.passed === 0) result.failed ||= 1; // it did not come to its tests
      if (result.failed === 0) again.push(name);
    }
    total.passed += result.passed;
    total.failed += result.failed;
    lines.push(`  ${name.padEnd(10)} ${result.passed} passed, ${result.failed} failed, ${seconds(start)}`);
  }
  console.log(`\n${lines.join('\n')}`);
  if (again.length > 0) console.log(`passed at the second try: ${again.join(', ')}`);
  console.log(`${versions(found)}: ${total.passed} passed, ${total.failed} failed`);
  const load = os.loadavg().map((value) => value.toFixed(1)).join(' ');
  console.log(`${seconds(began)} in all; load of the machine's ${os.availableParallelism()} cores: ${load}`);
  return total.failed > 0 ? 1 : 0;
}

function seconds(since: number): string {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

process.exitCode = await main(process.argv.slice(2));
