// What needs no editor: where the server is looked for, how long it stays down, and what a change took over.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { locate, onPath } from '../src/locate.ts';
import { takenBy } from '../src/partial.ts';
import { Failed, run } from '../src/run.ts';
import { pauseBefore } from '../src/patience.ts';

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
  const sh = (script: string) => run('/bin/sh', ['-c', script], folder);
  assert.equal(await sh('echo one; echo two'), 'two');
  await assert.rejects(sh('echo "ERROR: no such package"; echo "[notice] a new release"; exit 1'), new Failed('ERROR: no such package'));
  await assert.rejects(sh('echo it broke >&2; exit 3'), new Failed('it broke'));
  await assert.rejects(sh('exit 3'), /ended with 3/);
  await assert.rejects(run('/no/program', [], folder), /ENOENT/);
});

test('typing, pairs of brackets, indentation, other text and the whole are not told', () => {
  assert.equal(takenBy('r', 'rn a', 'r'), undefined);
  assert.equal(takenBy('()', '() -> None', '()'), undefined);
  assert.equal(takenBy('\n    ', '\n    return a', '\n    '), undefined);
  assert.equal(takenBy('raise', 'rn a', 'raise'), undefined);
  assert.equal(takenBy('rn a', 'rn a', 'rn a'), undefined);
});
