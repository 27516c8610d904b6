// A workspace nobody trusts says nothing about Nearside, and gets suggestions alone; once trusted, it is like any other.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const MENU = '.action-widget .monaco-list-row:has-text("Explain add")';
let code: Workbench;
let trap: string;

before(async () => {
  const started = path.join(fs.mkdtempSync('/tmp/nearside-trap-'), 'started');
  trap = started;
  const own = { 'nearside.completion.enabled': false, 'nearside.server.command': ['touch', started] };
  code = await Workbench.open({
    script: { follow: 'def add(a, b):\n    return a + b\n', chats: ['Yes.'] },
    settings: { 'security.workspace.trust.startupPrompt': 'never' },
    files: { 'add.py': 'def add(a, b):\n    \n', '.vscode/settings.json': JSON.stringify(own) },
    trusted: false,
  });
});

after(async () => {
  await code.close();
  fs.rmSync(path.dirname(trap), { recursive: true, force: true });
});

test('untrusted, its settings are not used and suggestions come', async () => {
  await code.openFile('add.py');
  await code.isReady();
  await code.goTo(2);
  await code.type('retu');
  await code.showsGhost('rn a + b');
  await code.press('Tab');
});

test('untrusted, no code action is offered', async () => {
  await code.goTo(1);
  await code.press('Control+.');
  await code.page.waitForSelector('text=No code actions available');
  assert.equal(await code.page.$(MENU), null);
});

test('trusted, its settings are in force and code actions are offered', async () => {
  await code.command('Workspaces: Manage Workspace Trust');
  await code.page.click('.workspace-trust-editor .monaco-button:has-text("Trust") >> nth=0');
  await code.until('suggestions are off, as the workspace says', async () => (await code.status()) === 'Nearside' && code.servers().length > 1);
  await code.page.click('.tab[data-resource-name="add.py"]');
  await code.page.click('.editor-instance .view-lines');
  await code.goTo(1);
  await code.until('actions are offered', async () => {
    await code.press('Escape');
    await code.press('Control+.');
    await code.page.waitForTimeout(1000);
    return code.page.$(MENU);
  });
});

test('how the server is started was never the workspace’s to say', () => {
  assert.ok(!fs.existsSync(trap));
});
