// The status bar and its menu: what they say, and what can be done from there.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

let code: Workbench;

before(async () => {
  code = await Workbench.open({ script: { follow: 'def add(a, b):\n    return a + b\n' } });
  await code.openFile('add.py');
  await code.isReady();
});

after(() => code.close());

async function choose(text: string): Promise<void> {
  await code.page.click('.statusbar-item[id$="nearside.status"] a');
  const row = `.quick-input-list .monaco-list-row:has-text("${text}")`;
  await code.page.waitForSelector(row);
  await code.page.click(row);
}

test('the menu says what answers, what is read and what was spent', async () => {
  await code.until('the index is ready', () => code.log().includes('files are indexed'));
  await code.page.waitForTimeout(1500); // the figures are looked up once a second
  await code.page.click('.statusbar-item[id$="nearside.status"] a');
  await code.page.waitForSelector('.quick-input-list .monaco-list-row');
  const said = (await code.page.$$eval('.quick-input-list .monaco-list-row', (rows) => rows.map((row) => row.textContent))).join('\n');
  for (const line of ['Model: scripted (is ready)', 'Local only', 'index is ready', 'Spent today: $0.00', 'Pause suggestions']) {
    assert.ok(said.includes(line), `${line} in ${said}`);
  }
  await code.picture('menu');
  await code.press('Escape');
});

test('the server has what the editor has in its environment', () => {
  const environment = fs.readFileSync(`/proc/${code.servers().at(-1)}/environ`, 'utf8').split('\0');
  for (const name of ['HOME', 'PATH', 'VSCODE_IPC_HOOK_CLI']) {
    assert.ok(environment.some((one) => one.startsWith(`${name}=`)), name);
  }
});

test('paused, nothing is suggested; resumed, it is', async () => {
  await choose('Pause suggestions');
  await code.until('the status bar says so', async () => (await code.status()) === 'Nearside');
  await code.page.click('.editor-instance .view-lines');
  await code.goTo(2);
  await code.type('re');
  await choose('Resume suggestions');
  await code.isReady();
  await code.page.click('.editor-instance .view-lines');
  await code.goTo(2);
  assert.equal(await code.ghost(), '');
  await code.type('tu');
  await code.showsGhost('rn a + b');
});

test('the last decision is explained', async () => {
  await choose('Explain the last decision');
  await code.page.waitForSelector('.notification-toast:has-text("routing.mode is local-only")');
});

test('the cost report opens as a page of the editor', async () => {
  await choose('Open the cost report');
  await code.page.waitForSelector('.tab:has-text("Cost Report")');
  const page = code.page.frameLocator('iframe.webview').frameLocator('iframe');
  await page.getByText('What this assistant costs').waitFor();
  await code.picture('report');
});

test('offline is a setting, and the server is started anew with it', async () => {
  const before = code.servers().length;
  await choose('Go offline');
  await code.until('another server was started', () => code.servers().length > before);
  await code.isReady();
  await choose('Go online');
  await code.until('another server was started', () => code.servers().length > before + 1);
});

test('a server that is too old for the extension is told, with what to do', async () => {
  const command = ['sh', '-c', `export SCRIPTED_VERSION=0.0.9; ${code.serve}`];
  code.configure({ ...code.settings, 'nearside.server.command': command });
  await code.page.waitForSelector('.notification-toast:has-text("its server is 0.0.9 and this extension needs 0.1.0 or later")');
});
