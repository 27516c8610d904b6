// Settings in the settings editor and in settings.json, in force as soon as they are changed; the first steps.
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

let code: Workbench;

before(async () => {
  code = await Workbench.open({ script: { follow: 'def add(a, b):\n    return a + b\n' } });
  await code.openFile('add.py');
  await code.isReady();
});

after(() => code.close());

test('a change of settings.json is in force at once, and so is taking it back', async () => {
  code.configure({ ...code.settings, 'nearside.completion.enabled': false });
  await code.until('suggestions are off', async () => (await code.status()) === 'Nearside');
  code.configure(code.settings);
  await code.isReady();
});

test('a switch of the settings editor is in force at once', async () => {
  await code.command('Nearside: Open Settings');
  await code.page.waitForSelector('.settings-editor .setting-item-contents');
  await code.press('Control+A');
  await code.type('nearside.completion');
  const row = '.setting-item-bool:has-text("suggest anything at all") .setting-value-checkbox';
  await code.page.waitForSelector(row);
  await code.picture('settings');
  await code.page.click(row);
  await code.until('suggestions are off', async () => (await code.status()) === 'Nearside');
});

test('the first steps are a walkthrough', async () => {
  await code.command('Nearside: Show the First Steps');
  await code.page.waitForSelector('.getting-started-step:has-text("The first suggestion")');
  await code.picture('walkthrough');
});
