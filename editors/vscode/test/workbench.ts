// A real VS Code with the packaged extension, driven in a headless browser as a user's keys and eyes would.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, type TestContext } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright-core';

export const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
export const VSIX = path.join(REPOSITORY, 'editors/vscode/dist/nearside.vsix');
const PYTHON = path.join(REPOSITORY, '.venv/bin/python');
const PICTURES = process.env.PICTURES ?? path.join(os.tmpdir(), 'nearside-pictures');
const BROWSER = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const SIZE = { width: 1100, height: 640 };
const PATIENCE = Number(process.env.PATIENCE ?? 90_000); // milliseconds for anything to appear: three processes share a small machine

let opened: Workbench | undefined; // the last one
let pictured: unknown;

if (process.env.NODE_TEST_CONTEXT) {
  afterEach(async (context) => {
    const { error, name } = context as TestContext & { error: unknown };
    if (!error || error === pictured) return; // one of a hook is the error of every test
    pictured = error;
    await opened?.failed(name);
  });
}

export interface Programs {
  readonly node: string;
  readonly vscode: string;
  readonly version: string;
  readonly chromium: string;
}

/** Where VS Code and Chromium are, as `python -m tests.e2e.vscode` tells; fetched if need be. */
export function programs(): Programs {
  const told = spawnSync(PYTHON, ['-m', 'tests.e2e.vscode'], { cwd: REPOSITORY, encoding: 'utf8' });
  if (told.status !== 0) throw new Error(told.stderr.trim());
  return JSON.parse(told.stdout) as Programs;
}

/** What E0, the engine of tests, does: see tests/scripted_engine.py. */
export type Script = Record<string, unknown>;

export interface Options {
  readonly script?: Script;
  readonly settings?: Record<string, unknown>;
  readonly files?: Record<string, string>;
  readonly trusted?: boolean;
  /** Without the command of the test server: the extension looks for one itself. */
  readonly ownServer?: boolean;
  readonly environment?: Record<string, string>;
  /** The command of another server, for a shell. */
  readonly server?: string;
  /** Keep what the server hears, for `told`. */
  readonly heard?: boolean;
  /** The server's own settings file of the user. */
  readonly userFile?: string;
  /** Tests to run inside the extension host, and the folder of the extension they are about. */
  readonly host?: { readonly extension: string; readonly tests: string };
}

export class Workbench {
  /** With a blank, as folders of users have them. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'nearside vscode-'));
  readonly project = path.join(this.folder, 'project');
  readonly state = path.join(this.folder, 'state');
  page!: Page;
  /** The command that starts the server of tests, for a shell. */
  serve = '';
  /** What the settings file held at the start, but for what keeps VS Code quiet. */
  settings: Record<string, unknown> = {};
  private title = 'project'; // as VS Code has it in pictures
  private written = 0;
  private server!: ChildProcess;
  private browser!: Browser;
  private readonly found = programs();

  static async open(options: Options = {}): Promise<Workbench> {
    const workbench = (opened = new Workbench());
    try {
      await workbench.start(options);
    } catch (error) {
      await workbench.failed('start');
      await workbench.close();
      throw error;
    }
    return workbench;
  }

  private async start(options: Options): Promise<void> {
    const files = options.files ?? { 'add.py': 'def add(a, b):\n    \n' };
    for (const [name, text] of Object.entries(files)) write(path.join(this.project, name), text);
    this.script(options.script ?? {});
    const script = path.join(this.folder, 'script.json');
    const log = path.join(this.folder, 'server.pids');
    // VS Code hands on the environment of a login shell, not its own: what the server is to have stands here.
    const homes = ['CONFIG', 'DATA', 'STATE', 'CACHE'].map((kind) => [`XDG_${kind}_HOME`, path.join(this.state, kind.toLowerCase())]);
    const variables = { ...Object.fromEntries(homes), SCRIPTED_ENGINE: script, ...options.environment } as Record<string, string>;
    const assigned = Object.entries(variables).map(([name, value]) => `${name}='${value}'`);
    const heard = options.heard ? `tee -a '${this.folder}/heard' |` : 'exec';
    const server = options.server ?? `'${PYTHON}' -m tests.serve_scripted`;
    const serve = `${heard} env ${assigned.join(' ')} ${server} 2>> '${this.folder}/server.err'`;
    this.serve = `echo $$ >> '${log}'; cd '${REPOSITORY}' && ${serve}`;
    const command = ['sh', '-c', this.serve];
    this.settings = { ...(options.ownServer ? {} : { 'nearside.server.command': command }), ...options.settings };
    this.configure(this.settings, options.trusted);
    const environment = { ...process.env, ...variables };
    const places = ['user', 'ext', 'data'].map((name) => path.join(this.folder, name));
    const own = ['--user-data-dir', places[0]!, '--extensions-dir', places[1]!, '--server-data-dir', places[2]!];
    const program = path.join(this.found.vscode, 'out/server-main.js');
    const base = [program, ...own, '--accept-server-license-terms'];
    if (options.userFile) write(path.join(this.state, 'config/nearside/config.toml'), options.userFile);
    if (!options.host) {
      const ready = process.env.NEARSIDE_EXTENSIONS;
      if (ready) fs.cpSync(ready, places[1]!, { recursive: true });
      else installExtension(this.found, places[1]!);
    }
    const port = await freePort();
    const serving = ['--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--telemetry-level', 'off'];
    const smoke = options.host ? ['--enable-smoke-test-driver'] : [];
    const output = fs.openSync(path.join(this.folder, 'vscode.log'), 'w');
    this.server = spawn(this.found.node, [...base, ...serving, ...smoke], { env: environment, stdio: ['ignore', output, output], detached: true });
    const group = this.server.pid;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
    process.once('exit', () => {
      try {
        if (group) process.kill(-group, 'SIGTERM');
      } catch {
        // it ended as it should
      }
    });
    const url = `http://127.0.0.1:${port}/?folder=${encodeURI(this.project)}${options.host ? payload(options.host, port) : ''}`;
    await this.until('VS Code listens', () => fetch(url).then((answer) => answer.ok, () => false));
    this.browser = await chromium.launch({ executablePath: this.found.chromium, args: BROWSER });
    const context = await this.browser.newContext({ viewport: SIZE });
    await context.route((at) => at.hostname !== '127.0.0.1', (route) => route.abort());
    this.page = await context.newPage();
    this.page.setDefaultTimeout(PATIENCE);
    if (process.env.PAGELOG) this.page.on('console', (message) => console.log('page:', message.text().slice(0, 300)));
    if (options.host) {
      for (const name of ['codeAutomationLog', 'codeAutomationExit']) await this.page.exposeFunction(name, () => {});
    }
    await this.page.goto(url);
    await this.page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
  }

  get url(): string {
    return this.page.url();
  }

  /** Write the settings: those of the user and, for what has the scope `machine`, those of the machine. */
  configure(settings: Record<string, unknown>, trusted = true): void {
    const quiet = {
      'telemetry.telemetryLevel': 'off',
      'workbench.startupEditor': 'none',
      'workbench.welcomePage.walkthroughs.openOnInstall': false,
      'workbench.tips.enabled': false,
      'workbench.editor.useModal': 'off',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'update.mode': 'none',
      'extensions.autoUpdate': false,
      'extensions.autoCheckUpdates': false,
      'extensions.ignoreRecommendations': true,
      'chat.disableAIFeatures': true,
      'editor.minimap.enabled': false,
      'editor.wordBasedSuggestions': 'off', // a menu of words that opens meanwhile would take the Tab
      'files.autoSave': 'off',
      'security.workspace.trust.enabled': !trusted,
    };
    const text = (more = {}) => JSON.stringify({ ...quiet, ...settings, ...more }, null, 2);
    write(path.join(this.folder, 'user/User/settings.json'), text());
    // Its title shows when VS Code has read this one.
    for (const at of ['data/data/Machine', 'user/Machine']) {
      write(path.join(this.folder, at, 'settings.json'), text({ 'window.title': this.title }));
    }
  }

  /** Write the settings as they were at the start, but for these, and wait until those of the machine are in force. */
  async reconfigure(settings: Record<string, unknown>): Promise<void> {
    this.title = `settings ${++this.written}`;
    this.configure({ ...this.settings, ...settings });
    await this.until('the settings are read', async () => (await this.page.title()).includes(this.title));
  }

  /** Have the engine do something else, from the server's next start on. */
  script(script: Script): void {
    write(path.join(this.folder, 'script.json'), JSON.stringify(script));
  }

  /** Restart the server, and wait until the new one is ready. */
  async restart(): Promise<void> {
    const before = this.servers().length;
    await this.command('Nearside: Restart the Server');
    await this.until('another server was started', () => this.servers().length > before);
    await this.until('the status bar says that it starts', async () => !(await this.status()).includes('scripted'));
    await this.isReady();
  }

  /** Return a figure of the server's ledger; 0 before there is one. */
  figure(sql: string): number {
    const files = fs.globSync(path.join(this.state, '*/nearside/ledger.db'));
    if (!files[0]) return 0;
    const ledger = new DatabaseSync(files[0], { readOnly: true });
    try {
      return Number(Object.values(ledger.prepare(sql).get() ?? {})[0] ?? 0);
    } finally {
      ledger.close();
    }
  }

  /** Return the process ids of the language servers started so far, the running one last. */
  servers(): number[] {
    const file = path.join(this.folder, 'server.pids');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
  }

  /** What the server was last told of the settings. */
  told(): Record<string, Record<string, unknown>> {
    const parts = fs.readFileSync(path.join(this.folder, 'heard'), 'utf8').split(/Content-Length: \d+\r\n\r\n/);
    const answers = parts.flatMap((part) => {
      try {
        const { result } = JSON.parse(part) as { result?: unknown };
        return Array.isArray(result) && result.length === 1 ? (result as Record<string, Record<string, unknown>>[]) : [];
      } catch {
        return []; // between two messages, or not yet there
      }
    });
    return answers.at(-1) ?? {};
  }

  /** What the server logged so far. */
  log(): string {
    const file = path.join(this.state, 'state/nearside/nearside.log');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  }

  async openFile(name: string): Promise<void> {
    await this.page.dblclick(`.explorer-folders-view .monaco-list-row >> text=${name}`);
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`, { timeout: PATIENCE });
    await this.page.click('.editor-instance .view-lines');
  }

  /** Put the cursor at the end of a line, the first being 1. */
  async goTo(line: number): Promise<void> {
    await this.page.keyboard.press('Control+Home');
    for (let at = 1; at < line; at++) await this.page.keyboard.press('ArrowDown');
    await this.page.keyboard.press('End');
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 60 });
  }

  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Run a command of the palette by its title. */
  async command(title: string): Promise<void> {
    await this.until('the palette opens', async () => {
      await this.page.keyboard.press('F1'); // which a page that is still being drawn may swallow
      return this.page.waitForSelector('.quick-input-widget input', { timeout: 3000 }).catch(() => null);
    });
    await this.page.keyboard.type(title, { delay: 5 });
    await this.page.waitForSelector(`.quick-input-list .monaco-list-row.focused >> text=${title.replace(/^.*: /, '')}`, { timeout: PATIENCE });
    await this.page.keyboard.press('Enter');
  }

  /** The ghost text on the screen. */
  async ghost(): Promise<string> {
    const parts = await this.page.$$eval('[class*="ghost-text"]', (all) => all.map((one) => one.textContent ?? ''));
    return parts.join('').replaceAll('\u00a0', ' ');
  }

  async showsGhost(text: string): Promise<void> {
    await this.until(`ghost text ${JSON.stringify(text)}`, async () => (await this.ghost()).trimEnd() === text);
  }

  /** The status bar's text of ours. */
  async status(): Promise<string> {
    const item = await this.page.$('.statusbar-item[id$="nearside.status"]');
    return ((await item?.textContent()) ?? '').trim();
  }

  /** Wait until the server has its engine: what is typed before is answered by nothing. */
  async isReady(): Promise<void> {
    await this.until('the status bar names the model', async () => (await this.status()).includes('scripted'));
  }

  /** What a file holds on the disk. */
  text(name: string): string {
    return fs.readFileSync(path.join(this.project, name), 'utf8');
  }

  /** Save the active file and return what is on the disk. */
  async saved(name: string, ready: (text: string) => boolean = () => true): Promise<string> {
    await this.page.keyboard.press('Control+S');
    const file = path.join(this.project, name);
    await this.until(`${name} saved`, async () => {
      const dirty = await this.page.$('.tab.active.dirty');
      return !dirty && ready(fs.readFileSync(file, 'utf8'));
    });
    return fs.readFileSync(file, 'utf8');
  }

  /** Keep what is on the screen, or its upper part. */
  async picture(name: string, height = SIZE.height): Promise<void> {
    fs.mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: path.join(PICTURES, `vscode-${name}.png`), clip: { x: 0, y: 0, width: SIZE.width, height } });
  }

  /** Keep what is on the screen under a name of its own, which the log says. */
  async failed(what: string): Promise<void> {
    fs.mkdirSync(PICTURES, { recursive: true });
    const test = path.basename(process.argv[1] ?? '', '.test.ts');
    const name = `failed-${test}-${what}`.replace(/[^\w.-]+/g, '-').slice(0, 80);
    const file = path.join(PICTURES, `${name}-${process.pid}.png`);
    const taken = await this.page?.screenshot({ path: file }).then(() => true, () => false);
    if (taken) console.log(`the screen when it failed: ${file}`);
  }

  async until<T>(what: string, look: () => Promise<T> | T, patience = PATIENCE): Promise<NonNullable<T>> {
    const end = Date.now() + patience;
    for (;;) {
      const seen = await look();
      if (seen) return seen as NonNullable<T>;
      if (Date.now() > end) {
        throw new Error(`not seen in ${patience} ms: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async close(): Promise<void> {
    await this.browser?.close();
    if (this.server?.pid) {
      const ended = new Promise((resolve) => this.server.once('exit', resolve));
      try {
        process.kill(-this.server.pid, 'SIGTERM');
        await ended;
      } catch {
        // it ended before
      }
    }
    if (!process.env.KEEP) fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Install the packaged extension with VS Code's own command, into a folder of extensions. */
export function installExtension(found: Programs, folder: string): void {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'nearside-installing-'));
  const own = ['--user-data-dir', scratch, '--server-data-dir', scratch, '--extensions-dir', folder, '--accept-server-license-terms'];
  const program = path.join(found.vscode, 'out/server-main.js');
  const done = spawnSync(found.node, [program, ...own, '--install-extension', VSIX], { encoding: 'utf8' });
  fs.rmSync(scratch, { recursive: true, force: true });
  if (done.status !== 0) throw new Error(`the extension was not installed: ${done.stdout}${done.stderr}`);
}

/** What tells VS Code to load an extension from a folder and to run tests in its host. */
function payload({ extension, tests }: { extension: string; tests: string }, port: number): string {
  const at = (file: string) => `vscode-remote://127.0.0.1:${port}${file}`;
  const told = [['extensionDevelopmentPath', at(extension)], ['extensionTestsPath', at(tests)]];
  return `&payload=${encodeURIComponent(JSON.stringify(told))}`;
}

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
