// Ghost text in a real VS Code: seen, taken whole, by words, and another one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const START = 'def add(a, b):\n    \n';
let code: Workbench;

before(async () => {
  code = await Workbench.open({
    script: { follow: 'def add(a, b):\n    return a + b\n', alternatives: [['rn sum((a, b))'], ['rn b + a']] },
    files: { 'add.py': START, 'words.py': START, 'more.py': START },
  });
});

after(() => code.close());

async function begin(file: string): Promise<void> {
  await code.openFile(file);
  await code.isReady();
  await code.goTo(2);
  await code.type('retu');
  await code.showsGhost('rn a + b');
}

test('ghost text appears where the user types, and Tab takes it', async () => {
  await begin('add.py');
  await code.picture('ghost');
  await code.press('Tab');
  assert.equal(await code.saved('add.py', (text) => text.includes(' b\n')), 'def add(a, b):\n    return a + b\n');
});

test('a suggestion is taken word by word, and the server hears of it', async () => {
  await begin('words.py');
  await code.press('Control+ArrowRight');
  await code.showsGhost(' a + b');
  await code.press('Control+ArrowRight');
  await code.showsGhost('a + b');
  const text = await code.saved('words.py', (text) => text.includes('return '));
  assert.equal(text, 'def add(a, b):\n    return \n');
  const told = "SELECT count(*) FROM events WHERE kind = 'partial'";
  await code.until('the ledger holds it', () => code.figure(told) > 0);
});

test('asked for by hand there are several, one after the other', async () => {
  await begin('more.py');
  await code.command('Trigger Inline Suggestion');
  await code.showsGhost('rn a + b');
  await code.press('Alt+BracketRight');
  await code.showsGhost('rn sum((a, b))');
  await code.press('Alt+BracketLeft');
  await code.showsGhost('rn a + b');
  await code.press('Alt+BracketLeft');
  await code.showsGhost('rn b + a');
  await code.press('Tab');
  assert.equal(await code.saved('more.py', (text) => text.includes('b + a')), 'def add(a, b):\n    return b + a\n');
});
