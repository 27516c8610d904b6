// A machine without a server: the extension says so, installs one when it may, and says why when it cannot.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const TOAST = '.notification-toast';
let code: Workbench;

before(async () => {
  code = await Workbench.open({ script: { follow: 'def add(a, b):\n    return a + b\n' }, ownServer: true });
});

after(() => code.close());

function configure(settings: Record<string, unknown>): void {
  code.configure({ ...code.settings, ...settings });
}

async function press(button: string): Promise<void> {
  await code.page.click(`${TOAST} .monaco-button:has-text("${button}")`);
}

async function said(text: string): Promise<void> {
  await code.page.waitForSelector(`${TOAST}:has-text("${text}")`);
}

const environments = () =>
  fs.globSync(path.join(code.folder, 'user/User/globalStorage/nearside.nearside/server-*'));

test('where there is none, installing it is offered; no Python is a clear error', async () => {
  await said('Nearside needs its server');
  assert.equal(await code.status(), 'Nearside');
  configure({ 'nearside.server.python': '/no/python', 'nearside.server.package': '/no/nearside.whl' });
  await code.page.waitForTimeout(2000); // VS Code reads a changed file after a pause of its own
  await press('Install');
  await said('no Python 3.11 or later with venv was found (/no/python)');
});

test('what pip says last is shown, and nothing half installed is left', async () => {
  configure({ 'nearside.server.package': '/no/nearside.whl' });
  await code.page.waitForTimeout(2000);
  await press('Try Again');
  await said('nearside.whl is not a valid wheel filename');
  await code.picture('install-failed');
  assert.deepEqual(environments(), []);
});

test('tried again with a wheel by its path, it is installed and suggests', async () => {
  const wheel = execFileSync('python3', [path.join(import.meta.dirname, 'wheel.py'), code.folder, code.serve], { encoding: 'utf8' });
  configure({ 'nearside.server.package': wheel.trim() });
  await code.page.waitForTimeout(2000);
  await press('Try Again');
  await code.isReady();
  assert.equal(environments().length, 1);
  await code.openFile('add.py');
  await code.goTo(2);
  await code.type('retu');
  await code.showsGhost('rn a + b');
});

test('installed again, the newer one is used', async () => {
  const pointer = path.join(code.folder, 'user/User/globalStorage/nearside.nearside/server.json');
  const older = fs.readFileSync(pointer, 'utf8');
  const before = code.servers().length;
  await code.command('Nearside: Install or Update the Server');
  await code.until('another server was started', () => code.servers().length > before);
  await code.isReady();
  assert.equal(environments().length, 2, 'other windows may still run the older one');
  assert.notEqual(fs.readFileSync(pointer, 'utf8'), older);
});
