// The tests of host/index.cjs, which run inside the extension host with the extension loaded from its folder.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { REPOSITORY, Workbench } from './workbench.ts';

const EXTENSION = path.join(REPOSITORY, 'editors/vscode');
const TESTS = path.join(EXTENSION, 'test/host/index.cjs');
const names = [...fs.readFileSync(TESTS, 'utf8').matchAll(/^test\('(.+?)',/gm)].map((match) => match[1]!);
const results = new Map<string, string>();
let code: Workbench;

before(async () => {
  code = await Workbench.open({
    script: { follow: 'def add(a, b):\n    return a + b\n', chats: ['Yes.'] },
    files: { 'add.py': 'def add(a, b):\n    \n', 'sums.py': 'def double(a):\n    return 2 * a\n' },
    userFile: '[routing]\nmode = "local-first"\n',
    host: { extension: EXTENSION, tests: TESTS },
  });
  const file = path.join(code.folder, 'results.jsonl');
  const read = () => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : []);
  await code.until('the tests have run', () => read().length === names.length, 400_000).catch(() => {});
  for (const line of read()) {
    const { name, error } = JSON.parse(line) as { name: string; error: string };
    results.set(name, error);
  }
});

after(() => code.close());

for (const name of names) {
  test(name, () => assert.equal(results.get(name) ?? 'it did not run', ''));
}
