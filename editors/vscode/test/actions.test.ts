// Code actions: offered where the cursor is, shown before they are made, asked for by an instruction, explained.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const SUMS = 'def double(a):\n    return 2 * a\n\n\ndef half(a):\n    pass\n';
const fenced = (text: string) => `\`\`\`python\n${text}\n\`\`\``;
const APPLY = '.part.panel >> text=Apply';
const TICK = '.part.panel .monaco-list-row >> nth=0 >> .edit-checkbox'; // nothing is ticked that needs a look first
let code: Workbench;

before(async () => {
  const chats = [
    fenced('def half(a:\n    return a'), // does not parse, and is tried again
    fenced('def half(a):\n    return a / 2'),
    fenced('def double(value):\n    return 2 * value'),
    'It returns **half** of `a`.',
  ];
  code = await Workbench.open({ script: { chats }, files: { 'sums.py': SUMS } });
  await code.openFile('sums.py');
  await code.isReady();
});

after(() => code.close());

async function act(line: number, title: string): Promise<void> {
  await code.page.click('.editor-instance .view-lines');
  await code.goTo(line);
  await code.press('Control+.');
  const row = `.action-widget .monaco-list-row:has-text("${title}")`;
  await code.page.waitForSelector(row);
  // By keys: in older versions the menu takes no click at first.
  await code.until(`"${title}" is chosen`, async () => {
    if (await code.page.$(row.replace('.monaco-list-row', '.monaco-list-row.focused'))) return true;
    await code.press('ArrowDown');
    return false;
  });
  await code.press('Enter');
}

test('what no test has proved is shown before it is made', async () => {
  await act(5, 'Implement half');
  await code.page.waitForSelector(APPLY);
  assert.ok(!code.text('sums.py').includes('a / 2'));
  await code.page.click(TICK);
  await code.picture('preview');
  await code.page.click(APPLY);
  const text = await code.saved('sums.py', (now) => now.includes('a / 2'));
  assert.equal(text, SUMS.replace('pass', 'return a / 2'));
});

test('an action that needs an instruction asks for it', async () => {
  await act(1, 'Refactor double');
  await code.page.waitForSelector('.quick-input-widget:has-text("How should it be refactored?")');
  await code.picture('instruction');
  await code.type('call it value');
  await code.press('Enter');
  await code.page.waitForSelector(APPLY);
  await code.page.click(TICK);
  await code.page.click(APPLY);
  const text = await code.saved('sums.py', (now) => now.includes('2 * value'));
  assert.ok(text.startsWith('def double(value):\n    return 2 * value\n'));
});

test('an explanation is shown beside the code', async () => {
  await act(5, 'Explain half');
  await code.page.waitForSelector('.tab:has-text("Explain half")');
  const page = code.page.frameLocator('iframe.webview').frameLocator('iframe');
  await page.getByText('It returns half of a.').waitFor();
  await code.picture('explanation');
});
