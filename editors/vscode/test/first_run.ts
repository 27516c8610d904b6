// The first run in VS Code, for `python -m benchmarks.first_run`: told in JSON lines as it happens.
// node first_run.ts JSON: what is installed, the variables of the user's shell, a file of its and what is typed there.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Workbench } from './workbench.ts';

const LONGEST_INSTALL_MS = 3_600_000;
const LONGEST_WAIT_MS = 120_000;

interface Task {
  readonly checkout: string;
  readonly environment: Record<string, string>;
  readonly file: string;
  readonly typed: string;
  readonly keyMs: number;
  readonly lineMs: number;
}

const { checkout, environment: given, file, typed, keyMs, lineMs } = JSON.parse(process.argv[2]!) as Task;
const name = path.basename(file);
const below = (kind: string, folder: string) => [`XDG_${kind}_HOME`, path.join(given.HOME!, folder)];
const homes = [below('CONFIG', '.config'), below('DATA', '.local/share'), below('STATE', '.local/state'), below('CACHE', '.cache')];
const environment: Record<string, string> = { ...given, ...Object.fromEntries(homes) };
const tell = (where: string, text: string, megabytes?: number) =>
  process.stdout.write(`${JSON.stringify({ where, text, megabytes })}\n`);

const code = await Workbench.open({
  ownServer: true,
  environment,
  settings: { 'nearside.server.package': checkout },
  files: { [name]: fs.readFileSync(path.join(checkout, file), 'utf8') },
});

const environments = () => fs.globSync(path.join(code.folder, 'user/User/globalStorage/nearside.nearside/server-*'));
const written = () => Math.round(Number(execFileSync('du', ['-sB1', environments()[0]!], { encoding: 'utf8' }).split('\t')[0]) / 1e6);

async function look(): Promise<void> {
  for (const text of await code.page.$$eval('.notification-toast .notification-list-item-message', (all) => all.map((one) => one.textContent ?? ''))) {
    tell('notification', text);
  }
  tell('status bar', await code.status());
}

async function watch(until: () => Promise<boolean>, patience: number, what: string): Promise<void> {
  await code.until(what, async () => {
    await look();
    return until();
  }, patience);
}

try {
  tell('step', 'extension installed, the folder opened');
  const install = '.notification-toast .monaco-button:has-text("Install")';
  await watch(async () => (await code.page.$(install)) !== null, LONGEST_WAIT_MS, 'the question');
  await look();
  await code.page.click(install);
  tell('step', '*Install*');
  const ready = async () => !['', 'Nearside'].includes(await code.status()); // then it names the model
  await watch(async () => environments().length > 0 && fs.existsSync(path.join(path.dirname(environments()[0]!), 'server.json')), LONGEST_INSTALL_MS, 'installed');
  tell('step', 'installed', written());
  await watch(ready, LONGEST_WAIT_MS, 'the model');
  tell('step', 'the model is ready');
  await code.openFile(name);
  await code.press('Control+End');
  tell('step', 'the file is open');
  const began = Date.now();
  let keys = 0;
  const shown = async () => (await code.ghost()).trim() !== '';
  for (const key of typed) {
    await code.page.keyboard.press({ '\n': 'Enter', '\b': 'Backspace', ' ': 'Space' }[key] ?? key);
    keys++;
    await code.page.waitForTimeout(key === '\n' ? lineMs : keyMs);
    await look();
    if (await shown()) break;
  }
  await watch(shown, LONGEST_WAIT_MS, 'ghost text');
  tell('ghost text', await code.ghost());
  tell('step', `typed ${keys} keys in ${Math.round((Date.now() - began) / 1000)} s`, written());
  await code.picture('first-run');
} finally {
  const begin = environments()[0];
  for (const pid of begin ? fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : []) {
    try {
      if (fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(begin!)) process.kill(Number(pid)); // the engine
    } catch {
      // it ended by itself
    }
  }
  await code.close();
}
