// Settings in the settings editor and in settings.json, in force as soon as they are changed; the first steps.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { Workbench } from './workbench.ts';

let code: Workbench;

before(async () => {
  code = await Workbench.open({ script: { follow: 'def add(a, b):\n    return a + b\n' }, heard: true });
  await code.openFile('add.py');
  await code.isReady();
});

after(() => code.close());

/** Have the settings editor show one setting alone, and return it. Those of the machine stand on a page of their own. */
async function setting(key: string, place: 'User' | 'Remote' = 'User'): Promise<Locator> {
  if (!(await code.page.$('.settings-editor'))) await code.command('Nearside: Open Settings');
  await code.page.click(`.settings-tabs-widget .action-item:has-text("${place}")`);
  await code.page.click('.settings-editor .suggest-input-container');
  await code.press('Control+A');
  await code.type(`@id:nearside.${key}`);
  // What is clicked in a row that stood there before the search is lost on the screen: the row is then drawn anew.
  await code.page.waitForSelector('text=1 Setting Found');
  const row = code.page.locator(`.settings-editor .monaco-list-row:has([data-key="nearside.${key}"])`);
  await row.waitFor();
  return row;
}

async function reset(row: Locator): Promise<void> {
  await row.hover();
  await row.locator('.setting-toolbar-container .codicon-settings-more-action').click();
  await code.page.locator('.monaco-menu .action-label:has-text("Reset Setting")').click();
}

async function hears(section: string, name: string, value: unknown): Promise<void> {
  const wanted = JSON.stringify(value);
  await code.until(`the server hears that ${section}.${name} is ${wanted}`, () => JSON.stringify(code.told()[section]?.[name]) === wanted);
}

test('a change of settings.json is in force at once, and so is taking it back', async () => {
  code.configure({ ...code.settings, 'nearside.completion.enabled': false });
  await code.until('suggestions are off', async () => (await code.status()) === 'Nearside');
  code.configure(code.settings);
  await code.isReady();
});

test('a switch of the settings editor is in force at once, off and on and off and on', async () => {
  const row = await setting('completion.enabled');
  await code.picture('settings');
  for (const _ of [1, 2]) {
    await row.locator('.setting-value-checkbox').click();
    await hears('completion', 'enabled', false);
    await code.until('suggestions are off', async () => (await code.status()) === 'Nearside');
    await row.locator('.setting-value-checkbox').click();
    await hears('completion', 'enabled', undefined);
    await code.isReady();
  }
});

test('a number is in force when it is typed, and no longer when it is reset', async () => {
  const row = await setting('completion.max_lines');
  await row.locator('input').fill('3');
  await hears('completion', 'max_lines', 3);
  await reset(row);
  await hears('completion', 'max_lines', undefined);
  assert.equal(await row.locator('input').inputValue(), '8');
});

test('so is a text', async () => {
  const row = await setting('cost.currency', 'Remote');
  await row.locator('input').fill('EUR');
  await hears('cost', 'currency', 'EUR');
  await reset(row);
  await hears('cost', 'currency', undefined);
});

test('so is a choice of several', async () => {
  const row = await setting('routing.mode');
  await row.locator('select').click();
  await code.page.locator('.select-box-dropdown-list-container .option-text:has-text("local-first")').click();
  await hears('routing', 'mode', 'local-first');
  await reset(row);
  await hears('routing', 'mode', undefined);
});

test('so is a list', async () => {
  const row = await setting('completion.disable_in');
  await row.locator('.monaco-button:has-text("Add Item")').click();
  await code.type('*.secret');
  await code.press('Enter');
  await hears('completion', 'disable_in', ['*.secret']);
  await reset(row);
  await hears('completion', 'disable_in', undefined);
});

test('the first steps are a walkthrough', async () => {
  await code.command('Nearside: Show the First Steps');
  await code.page.waitForSelector('.getting-started-step:has-text("The first suggestion")');
  await code.picture('walkthrough');
});
