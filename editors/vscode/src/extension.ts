// Puts the parts together: finds the server, starts it, and offers the commands.
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import { Explanations, instruct, offered } from './actions.ts';
import { Server, type Running } from './client.ts';
import { openMachineSetting, SECTION, serverSettings } from './configuration.ts';
import { installed, POINTER, removeAll, sweep } from './environments.ts';
import { hint } from './hints.ts';
import { Inline } from './inline.ts';
import { install } from './install.ts';
import { locate } from './locate.ts';
import { showDocument } from './report.ts';
import { run } from './run.ts';
import { menu, statusItem, type Figures, type State } from './status.ts';
import { OLDEST, tooOld } from './versions.ts';

const FROM = { settings: 'as nearside.server.command says', PATH: 'on PATH', installed: 'installed by the extension' };
const DECLINED = 'declined'; // the offer to install the server, for good

class Extension implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel('Nearside', { log: true });
  readonly inline = new Inline();
  private readonly context: vscode.ExtensionContext;
  private readonly explanations = new Explanations();
  private readonly status = statusItem();
  private readonly leaving = new AbortController();
  private server: Server | undefined;
  private following: vscode.Disposable | undefined;
  private installation: Promise<void> | undefined;
  /** Starts and stops follow each other: two at once would leave a server that nobody ends. */
  private turn: Promise<void> = Promise.resolve();
  private running: Running | 'missing' = 'stopped';
  private figures: Figures | undefined;
  private warned = false;

  constructor(context: vscode.ExtensionContext) {
    this.context = context;
    this.inline.onFirst = () => this.tell('suggested', true);
  }

  get state(): State {
    const { running, figures, server } = this;
    return {
      running,
      figures,
      installing: this.installation !== undefined,
      server: `Server ${server?.version ?? ''} (${FROM[server?.from ?? 'settings']})`,
      paused: this.inline.paused,
      offline: serverSettings().offline,
    };
  }

  /** Begin, and tidy up. */
  async begin(): Promise<void> {
    await this.restart();
    await sweep(this.storage);
  }

  /** Find the server and start it, after the one that runs has ended; where there is none, offer to install it. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.end();
      if (!this.leaving.signal.aborted) this.start();
    });
  }

  install(): Promise<void> {
    this.installation ??= this.installs().finally(() => {
      this.installation = undefined;
      this.show();
    });
    this.show();
    return this.installation;
  }

  /** Use what another window installed; of what was installed here, word may come late. */
  async replaced(): Promise<void> {
    const own = installed(this.storage);
    const other = this.server?.from === 'installed' && this.server.program !== own;
    if (own && !this.installation && (this.running === 'missing' || other)) await this.restart();
  }

  async remove(): Promise<void> {
    const program = installed(this.storage);
    if (!program || this.installation) {
      void vscode.window.showInformationMessage('Nothing was removed, because this extension has no server installed.');
      return;
    }
    const line = 'Remove the server that this extension installed, from all windows?';
    if ((await vscode.window.showWarningMessage(line, { modal: true }, 'Remove')) !== 'Remove') return;
    await this.context.globalState.update(DECLINED, true); // who removes it does not want to be asked
    if (this.server?.from === 'installed') await this.next(() => this.end());
    try {
      await run(program, ['engine', 'stop'], { cwd: this.storage }).catch(() => {}); // where none runs
      await removeAll(this.storage);
    } catch (error) {
      void vscode.window.showErrorMessage(
        `The server was not removed: ${String(error)}. Close the other windows that use it, and try again.`,
      );
    }
    await this.restart();
  }

  togglePause(): void {
    this.inline.paused = !this.inline.paused;
    if (this.inline.paused) void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    this.show();
  }

  async toggleOffline(): Promise<void> {
    const offline = !serverSettings().offline;
    await vscode.workspace
      .getConfiguration(`${SECTION}.server`)
      .update('offline', offline, vscode.ConfigurationTarget.Global);
  }

  register(name: string, run: (...args: never[]) => unknown): void {
    this.context.subscriptions.push(vscode.commands.registerCommand(`${SECTION}.${name}`, run));
  }

  instruct(wanted: Parameters<typeof instruct>[1]): Promise<void> {
    return instruct(this.server?.client, wanted);
  }

  dispose(): void {
    this.following?.dispose();
    this.explanations.dispose();
    this.inline.dispose();
    this.status.item.dispose();
    this.log.dispose();
  }

  /** Leave nothing behind: no server, and nothing half installed. */
  async leave(): Promise<void> {
    this.leaving.abort();
    await this.installation;
    await this.turn;
    await this.server?.stop();
  }

  private next(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work).catch((error: unknown) => this.log.error(String(error)));
    return this.turn;
  }

  private start(): void {
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const own = installed(this.storage);
    this.tell('installed', own !== undefined);
    const command = locate(serverSettings().command, own, folders);
    if (!command) {
      this.became('missing');
      void this.offer(); // the answer may never come
      return;
    }
    const middleware = {
      provideInlineCompletionItems: this.inline.ask,
      provideCodeActions: offered,
      window: { showDocument },
    };
    const server = new Server(command, this.context.extension, this.log, middleware);
    this.server = server;
    this.following = vscode.Disposable.from(
      server.onChange((running) => this.became(running)),
      server.client.onNotification('nearside/status', (figures: Figures) => {
        this.figures = figures;
        this.show();
      }),
      this.inline.follow(server.client),
      this.explanations.follow(server.client),
      hint(server.client),
    );
    server.start();
  }

  private async end(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    this.following?.dispose();
    await server.stop();
    server.dispose();
    this.became('stopped');
  }

  private async installs(): Promise<void> {
    const why = await install(this.storage, this.log, this.leaving.signal);
    if (why === undefined) {
      await this.context.globalState.update(DECLINED, undefined);
      await this.restart();
    } else if (why === '') {
      this.log.info('The installation was cancelled; what there was of it is removed');
    } else {
      this.log.error(why);
      void this.failed(why); // the answer may never come
    }
  }

  private async failed(why: string): Promise<void> {
    const answer = await vscode.window.showErrorMessage(why, 'Try Again', 'Show Output');
    if (answer === 'Show Output') this.log.show();
    if (answer === 'Try Again') await this.install();
  }

  private get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }

  private became(running: Running | 'missing'): void {
    if (running !== 'running') this.figures = undefined;
    this.running = running;
    if (running === 'running') void this.judge();
    this.tell('running', running === 'running');
    this.show();
  }

  private show(): void {
    this.status.show(this.state);
  }

  private tell(key: string, value: boolean): void {
    void vscode.commands.executeCommand('setContext', `${SECTION}.${key}`, value);
  }

  /** Say, once in a window, that the server is too old. */
  private async judge(): Promise<void> {
    const { server, warned } = this;
    if (!server || warned || !tooOld(server.version)) return;
    this.warned = true;
    const line = `Some of Nearside will not work, because its server is ${server.version} and this extension needs ${OLDEST} or later.`;
    if (server.from !== 'installed') {
      void vscode.window.showWarningMessage(`${line} Update it (${FROM[server.from]}) from a newer checkout.`);
    } else if ((await vscode.window.showWarningMessage(line, 'Update')) === 'Update') {
      this.warned = false;
      await this.install();
    }
  }

  private async offer(): Promise<void> {
    if (!vscode.workspace.isTrusted) return; // asked once it is trusted
    if (this.context.globalState.get(DECLINED)) return;
    const line = 'Nearside needs its server. Install it with pip into an environment of its own?';
    const answer = await vscode.window.showInformationMessage(line, 'Install', 'Name a Command', 'Do Not Ask Again');
    if (answer === 'Install') await this.install();
    if (answer === 'Do Not Ask Again') await this.context.globalState.update(DECLINED, true);
    if (answer === 'Name a Command') {
      await openMachineSetting('server.command');
    }
  }
}

let extension: Extension | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const own = (extension = new Extension(context));
  context.subscriptions.push(own);
  own.register('menu', () => menu(own.state));
  own.register('togglePause', () => own.togglePause());
  own.register('toggleOffline', () => own.toggleOffline());
  own.register('openSettings', () =>
    vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${context.extension.id}`),
  );
  own.register('openMachineSetting', openMachineSetting);
  own.register('showOutput', () => own.log.show());
  own.register('restart', () => own.restart());
  own.register('install', () => own.install());
  own.register('remove', () => own.remove());
  own.register('walkthrough', () => walkthrough(context));
  own.register('instruct', (wanted: Parameters<typeof instruct>[1]) => own.instruct(wanted));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('nearside.server.command') || event.affectsConfiguration('nearside.server.offline')) {
        void own.restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => own.restart()),
    ...watch(context, () => own.replaced()),
  );
  void own.begin();
}

export async function deactivate(): Promise<void> {
  await extension?.leave();
}

/** Call when any window changes which server is installed. */
function watch(context: vscode.ExtensionContext, changed: () => unknown): vscode.Disposable[] {
  fs.mkdirSync(context.globalStorageUri.fsPath, { recursive: true });
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(context.globalStorageUri, POINTER));
  return [watcher, watcher.onDidCreate(changed), watcher.onDidChange(changed)];
}

function walkthrough(context: vscode.ExtensionContext): Thenable<unknown> {
  const id = `${context.extension.id}#start`;
  return vscode.commands.executeCommand('workbench.action.openWalkthrough', id, false);
}
