// An engine that is slow still brings ghost text: VS Code waits, or asks again when the server says so.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const START = 'def add(a, b):\n    \n';
const FOLLOW = 'def add(a, b):\n    return a + b\n';
const MANY = 100_000; // characters a batch: the delay below is then once for each answer
let code: Workbench;

before(async () => {
  const files = Object.fromEntries(['first.py', 'second.py', 'third.py'].map((name) => [name, START]));
  code = await Workbench.open({ script: { follow: FOLLOW, batch_size: MANY, batch_delay: 0.7 }, files });
});

after(() => code.close());

async function shows(file: string): Promise<void> {
  await code.openFile(file);
  await code.isReady();
  await code.goTo(2);
  await code.type('retu');
  await code.showsGhost('rn a + b');
  await code.press('Tab');
  assert.equal(await code.saved(file, (text) => text.includes(' b\n')), FOLLOW);
}

test('after 700 ms, just beyond the deadline', () => shows('first.py'));

test('after 2 s, as the server tells when the answer is there', async () => {
  code.script({ follow: FOLLOW, batch_size: MANY, batch_delay: 2 });
  await code.restart();
  await shows('second.py');
});

test('after 2 s, as one answer that comes late', async () => {
  code.configure({ ...code.settings, 'nearside.completion.deadline_ms': 10_000 });
  await code.restart();
  await shows('third.py');
});
