// Settings in the settings editor: those of the server's schema, in force as soon as they are changed.
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

let code: Workbench;

before(async () => {
  code = await Workbench.open({ script: { follow: 'def add(a, b):\n    return a + b\n' } });
});

after(() => code.close());

test('the first steps are a walkthrough', async () => {
  await code.command('Nearside: Show the First Steps');
  await code.page.waitForSelector('.getting-started-step:has-text("The first suggestion")');
  await code.picture('walkthrough');
});

test('a switch of the settings editor is in force at once', async () => {
  await code.openFile('add.py');
  await code.isReady();
  await code.command('Nearside: Open Settings');
  await code.page.waitForSelector('.settings-editor .setting-item-contents');
  await code.press('Control+A');
  await code.type('nearside.completion');
  const row = '.setting-item-bool:has-text("suggest anything at all") .setting-value-checkbox';
  await code.page.waitForSelector(row);
  await code.picture('settings');
  await code.page.click(row);
  await code.until('suggestions are off', async () => (await code.status()) === 'Nearside');
  await code.page.click(row);
  await code.isReady();
});
