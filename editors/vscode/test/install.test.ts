// A machine without a server: the extension says so, installs one when it may, and says why when it cannot.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const TOAST = '.notification-toast';
const SAYS = '[aria-label*="Nearside: The server is';
const HANGS = `\
import os, subprocess, time

def get_requires_for_build_wheel(settings=None):
    child = subprocess.Popen(["sleep", "1000"])
    with open(os.environ["HANGING"] + ".new", "w") as file:
        file.write(f"{os.getpid()} {os.getppid()} {child.pid}")
    os.rename(os.environ["HANGING"] + ".new", os.environ["HANGING"])
    time.sleep(1000)
`;
const hanging = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'nearside-hanging-')), 'pids');
let code: Workbench;

before(async () => {
  code = await Workbench.open({
    script: { follow: 'def add(a, b):\n    return a + b\n' },
    ownServer: true,
    // A user's own pip may be set to install beside the system's packages, which no environment can do.
    environment: { HANGING: hanging, PIP_USER: '1' },
  });
});

after(async () => {
  await code.close();
  fs.rmSync(path.dirname(hanging), { recursive: true, force: true });
});

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
  await code.reconfigure({ 'nearside.server.python': '/no/python', 'nearside.server.package': '/no/nearside.whl' });
  await press('Install');
  await said('no Python 3.11 or later with venv was found (/no/python)');
});

test('what pip says last is shown, and nothing half installed is left', async () => {
  await code.reconfigure({ 'nearside.server.package': '/no/nearside.whl' });
  await press('Try Again');
  await said('nearside.whl is not a valid wheel filename');
  await code.picture('install-failed');
  assert.deepEqual(environments(), []);
});

/** A package whose installation never ends; call what it comes with when it is under way, for its processes. */
async function endless(): Promise<() => Promise<number[]>> {
  const folder = path.join(code.folder, 'never installed');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'pyproject.toml'), '[build-system]\nrequires = []\nbuild-backend = "hangs"\nbackend-path = ["."]\n');
  fs.writeFileSync(path.join(folder, 'hangs.py'), HANGS);
  fs.rmSync(hanging, { force: true });
  await code.reconfigure({ 'nearside.server.package': folder });
  return async () => {
    await code.until('pip runs', () => fs.existsSync(hanging));
    const pids = fs.readFileSync(hanging, 'utf8').split(' ').map(Number);
    assert.deepEqual(pids.filter(alive), pids);
    return pids;
  };
}

function alive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('cancelled while pip runs, it is gone with its children, and nothing half installed is left', async () => {
  const running = await endless();
  await press('Try Again');
  const pids = await running();
  await code.page.waitForSelector(`${SAYS} being installed"]`);
  assert.equal(environments().length, 1);
  await press('Cancel');
  await code.page.waitForSelector(`${SAYS} not installed"]`);
  assert.deepEqual(pids.filter(alive), []);
  assert.deepEqual(environments(), []);
});

test('after a cancellation it asks what to install, takes no stranger’s name, installs a wheel by its path, and suggests', async () => {
  const wheel = execFileSync('python3', [path.join(import.meta.dirname, 'wheel.py'), code.folder, code.serve], { encoding: 'utf8' });
  await code.reconfigure({ 'nearside.server.package': '' });
  await code.command('Nearside: Install or Update the Server');
  const question = '.quick-input-widget:has-text("where is the server?")';
  await code.page.waitForSelector(question);
  await code.type('nearside');
  await code.page.waitForSelector(`${question}:has-text("nearside is another project")`);
  await code.picture('install-from');
  await code.press('Control+A');
  await code.page.keyboard.insertText(wheel.trim());
  await code.press('Enter');
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

test('a window that closes meanwhile leaves nothing of an installation, and the server that was', async () => {
  const before = environments();
  const running = await endless();
  await code.command('Nearside: Install or Update the Server');
  const pids = await running();
  await code.command('Developer: Reload Window');
  await code.until('pip is gone', () => !pids.some(alive));
  await code.until('what it made is gone', () => environments().length === before.length);
  await code.page.waitForSelector('.monaco-workbench');
  await code.isReady();
  assert.deepEqual(environments(), before);
});

test('what was installed can be removed', async () => {
  await code.command('Nearside: Remove the Installed Server');
  await code.page.click('.monaco-dialog-box .monaco-button:has-text("Remove")');
  await code.page.waitForSelector(`${SAYS} not installed"]`);
  assert.deepEqual(environments(), []);
});
