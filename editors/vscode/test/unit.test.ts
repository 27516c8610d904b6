// What needs no editor: where the server is looked for, how long it stays down, what is installed.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { installed, removeAll, sweep, use } from '../src/environments.ts';
import { locate, onPath, outside } from '../src/locate.ts';
import { takenBy } from '../src/partial.ts';
import { proxyVariables } from '../src/proxy.ts';
import { Failed, run } from '../src/run.ts';
import { pauseBefore } from '../src/patience.ts';
import { expanded, problem, step } from '../src/source.ts';
import { tooOld } from '../src/versions.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nearside-unit-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

function program(...parts: string[]): string {
  const file = path.join(folder, ...parts);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, '', { mode: 0o755 });
  return file;
}

test('the command of the settings goes first, then PATH, then what was installed', () => {
  const found = program('bin', 'nearside');
  const PATH = path.dirname(found);
  assert.deepEqual(locate(['/x', 'serve', '-v'], '/ours', [], PATH), { program: '/x', args: ['serve', '-v'], from: 'settings' });
  assert.deepEqual(locate([], '/ours', [], PATH), { program: found, args: ['serve'], from: 'PATH' });
  assert.deepEqual(locate([], '/ours', [], '/nowhere'), { program: '/ours', args: ['serve'], from: 'installed' });
  assert.equal(locate([], undefined, [], '/nowhere'), undefined);
});

test('a program inside the workspace, or in a relative folder, is never found', () => {
  const inside = program('project', 'tools', 'nearside');
  const beside = program('project-two', 'nearside');
  const workspace = [path.join(folder, 'project')];
  assert.equal(onPath('nearside', workspace, path.dirname(inside)), undefined);
  assert.equal(onPath('nearside', workspace, workspace[0]), undefined);
  assert.equal(onPath('nearside', workspace, path.relative(process.cwd(), path.dirname(beside))), undefined);
  assert.equal(onPath('nearside', workspace, path.dirname(beside)), beside);
});

test('what is no program is not started', () => {
  const file = program('plain', 'nearside');
  fs.chmodSync(file, 0o644);
  fs.mkdirSync(path.join(folder, 'folder', 'nearside'), { recursive: true });
  assert.equal(onPath('nearside', [], `${path.dirname(file)}${path.delimiter}${path.join(folder, 'folder')}`), undefined);
});

test('a server that ends again and again waits longer, tells once, and always comes back', () => {
  let ends = 0;
  const pauses = Array.from({ length: 40 }, () => {
    const next = pauseBefore(ends, 50);
    ends = next.ends;
    return next;
  });
  assert.deepEqual(pauses.slice(0, 6).map((one) => one.pause), [100, 200, 400, 800, 1600, 2000]);
  assert.equal(pauses.filter((one) => one.tell).length, 1);
  assert.ok(pauses.every((one) => Number.isFinite(one.pause) && one.pause <= 30_000));
  assert.equal(pauses[30]?.pause, 30_000);
});

test('an end after a steady while counts as the first', () => {
  assert.deepEqual(pauseBefore(7, 60_000), { ends: 1, pause: 100, tell: false });
});

test('a word taken of a suggestion is told with all that stands of it', () => {
  assert.deepEqual(takenBy('rn ', 'rn a + b', 'rn '), { length: 3 });
  assert.deepEqual(takenBy('a ', 'rn a + b', 'rn a '), { length: 5 });
});

test('a program that fails is told by its last error, or else its last line', async () => {
  const sh = (script: string) => run('/bin/sh', ['-c', script], { cwd: folder });
  assert.equal(await sh('echo one; echo two'), 'two');
  await assert.rejects(sh('echo "ERROR: no such package"; echo "[notice] a new release"; exit 1'), new Failed('ERROR: no such package'));
  await assert.rejects(sh('echo it broke >&2; exit 3'), new Failed('it broke'));
  await assert.rejects(sh('exit 3'), /ended with 3/);
  await assert.rejects(run('/no/program', [], { cwd: folder }), /ENOENT/);
});

test('what is stopped is gone with all it started, also what will not listen', async () => {
  const stopped = new AbortController();
  const started: number[] = [];
  const script = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & echo $$; wait";
  const running = run('/bin/sh', ['-c', script], {
    cwd: folder,
    signal: stopped.signal,
    onLine: (line) => {
      started.push(Number(line));
      if (started.length === 2) stopped.abort();
    },
  });
  await assert.rejects(running, Failed);
  assert.equal(started.length, 2);
  for (const pid of started) assert.ok(!alive(pid), `${pid} still runs`);
  await assert.rejects(run('/bin/sh', ['-c', 'exit 0'], { cwd: folder, signal: stopped.signal }), /was not started/);
});

/** Whether a process runs; one that ended and that nobody asked about does not. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a folder is outside the workspace by its path, not by how it is spelled', () => {
  assert.ok(outside('/usr/bin', ['/work', '/other'], path.posix));
  assert.ok(outside('/work-two/bin', ['/work'], path.posix));
  assert.ok(outside('/bin', ['/work/..more'], path.posix));
  assert.ok(!outside('/src/..hidden/bin', ['/other', '/src'], path.posix));
  assert.ok(!outside('/work', ['/work'], path.posix));
  assert.ok(!outside('bin', ['/work'], path.posix));
  assert.ok(outside('C:\\Python\\Scripts', ['D:\\work'], path.win32), 'another drive');
  assert.ok(!outside('d:\\work\\tools', ['D:\\work'], path.win32));
});

test('of environments one is used; those it replaced go a day after, unfinished ones a day after they were begun', async () => {
  const storage = path.join(folder, 'storage with blanks');
  const day = 86_400_000;
  const now = Date.now();
  const made = (begun: number) => path.dirname(path.dirname(program('storage with blanks', `server-${begun}`, 'bin', 'nearside')));
  const [oldest, older, newest] = [made(now - 9 * day), made(now - 5 * day), made(now - 1000)] as const;
  const left = () => fs.readdirSync(storage).filter((name) => name.startsWith('server-')).length;
  assert.equal(installed(storage), undefined);
  use(storage, older);
  use(storage, newest);
  assert.equal(installed(storage), path.join(newest, 'bin', 'nearside'));
  await sweep(storage, now + 60_000);
  assert.equal(left(), 3, 'a window may still run the one that was replaced a minute ago');
  await sweep(storage, now + 2 * day);
  assert.deepEqual([oldest, older, newest].map((place) => fs.existsSync(place)), [false, false, true]);
  made(now + day);
  await sweep(storage, now + 1.5 * day);
  assert.equal(left(), 2, 'another window may be making it');
  await removeAll(storage);
  assert.equal(installed(storage), undefined);
  assert.equal(left(), 0);
});

test('the proxy of VS Code is for those whose shell names none', () => {
  const proxy = 'http://proxy:8080';
  assert.deepEqual(proxyVariables(proxy, [], { https_proxy: '' }), { http_proxy: proxy, https_proxy: proxy });
  assert.equal(proxyVariables(proxy, ['localhost', '.corp'], {}).no_proxy, 'localhost,.corp');
  assert.deepEqual(proxyVariables(proxy, [], { HTTPS_PROXY: 'http://other' }), {});
  assert.deepEqual(proxyVariables(proxy, [], { all_proxy: 'socks5://other' }), {});
  assert.deepEqual(proxyVariables(' ', [], {}), {});
});

test('a server is too old by its numbers; what is no version never is', () => {
  assert.ok(tooOld('0.0.9', '0.1.0'));
  assert.ok(tooOld('0.9.1', '0.10.0'));
  assert.ok(tooOld('0.9', '1.0.0'));
  assert.ok(!tooOld('0.1', '0.1.0'));
  assert.ok(!tooOld('1.0.0', '0.2.0'));
  assert.ok(!tooOld('0.2.0.dev3', '0.1.9'));
  assert.ok(!tooOld('test', '0.1.0'));
  assert.ok(!tooOld(undefined, '0.1.0'));
  assert.ok(!tooOld('0.1.0'), 'the server of this repository will do');
});

test('typing, pairs of brackets, indentation, other text and the whole are not told', () => {
  assert.equal(takenBy('r', 'rn a', 'r'), undefined);
  assert.equal(takenBy('()', '() -> None', '()'), undefined);
  assert.equal(takenBy('\n    ', '\n    return a', '\n    '), undefined);
  assert.equal(takenBy('raise', 'rn a', 'raise'), undefined);
  assert.equal(takenBy('rn a', 'rn a', 'rn a'), undefined);
});

test('what pip is to install is a path that exists, or something other than the name that is a stranger’s', () => {
  const wheel = program('wheels', 'nearside-0.1.0-py3-none-any.whl');
  for (const good of [wheel, folder, 'nearside @ file:///wheels', 'nearside-0.1.0-py3-none-any.whl', 'git+ssh://host/nearside']) {
    assert.equal(problem(good), undefined, good);
  }
  for (const name of ['nearside', ' Nearside ', 'nearside==0.0.1', 'nearside[ddgs]', 'nearside>=0']) assert.match(problem(name) ?? '', /another project/, name);
  assert.match(problem(path.join(folder, 'nowhere')) ?? '', /^There is no /);
  assert.equal(expanded('~/src'), path.join(os.homedir(), 'src'));
  assert.equal(expanded('~user/src'), '~user/src');
});

test('of what pip prints, its steps are shown, and how many packages it unpacks', () => {
  assert.equal(step('  Collecting numpy>=2.0'), 'Collecting numpy>=2.0');
  assert.equal(step('Installing collected packages: pytz, numpy, lancedb'), 'unpacking 3 packages');
  assert.equal(step('Requirement already satisfied: pip'), undefined);
  assert.equal(step(`Downloading ${'x'.repeat(200)}`)?.length, 80);
});
