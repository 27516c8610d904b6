// Puts the parts together: finds the server, starts it, and offers the commands.
import * as vscode from 'vscode';
import { Explanations, instruct, offered } from './actions.ts';
import { Server, type Running } from './client.ts';
import { SECTION, serverSettings } from './configuration.ts';
import { hint } from './hints.ts';
import { Inline } from './inline.ts';
import { install, installed, sweep } from './install.ts';
import { locate } from './locate.ts';
import { showDocument } from './report.ts';
import { menu, statusItem, type Figures, type State } from './status.ts';

class Extension implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel('Nearside', { log: true });
  readonly inline = new Inline();
  private readonly context: vscode.ExtensionContext;
  private readonly explanations = new Explanations();
  private readonly status = statusItem();
  private server: Server | undefined;
  private following: vscode.Disposable | undefined;
  private installing = false;
  private running: Running | 'missing' = 'stopped';
  private figures: Figures | undefined;

  constructor(context: vscode.ExtensionContext) {
    this.context = context;
    this.inline.onFirst = () => this.tell('suggested', true);
  }

  get state(): State {
    const { running, figures } = this;
    return { running, figures, paused: this.inline.paused, offline: serverSettings().offline };
  }

  /** Tidy up, and begin. */
  async begin(): Promise<void> {
    await this.start();
    await sweep(this.storage);
  }

  /** Find the server and start it; where there is none, offer to install it. */
  async start(): Promise<void> {
    const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
    const command = locate(serverSettings().command, installed(this.storage), folders);
    if (!command) {
      this.became('missing');
      return this.offer();
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

  async restart(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.following?.dispose();
    await server?.stop();
    server?.dispose();
    this.became('stopped');
    await this.start();
  }

  async install(): Promise<void> {
    if (this.installing) return;
    this.installing = true;
    try {
      if (await install(this.storage, this.log)) await this.restart();
    } finally {
      this.installing = false;
    }
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

  async stop(): Promise<void> {
    await this.server?.stop();
  }

  private get storage(): string {
    return this.context.globalStorageUri.fsPath;
  }

  private became(running: Running | 'missing'): void {
    if (running !== 'running') this.figures = undefined;
    this.running = running;
    this.tell('running', running === 'running');
    this.show();
  }

  private show(): void {
    this.status.show(this.state);
  }

  private tell(key: string, value: boolean): void {
    void vscode.commands.executeCommand('setContext', `${SECTION}.${key}`, value);
  }

  private async offer(): Promise<void> {
    if (!vscode.workspace.isTrusted) return; // asked once it is trusted
    const { package: source } = serverSettings();
    const line = `Nearside needs its server. Install it (pip install ${source}) into an environment of its own?`;
    const answer = await vscode.window.showInformationMessage(line, 'Install', 'Name a Command');
    if (answer === 'Install') await this.install();
    if (answer === 'Name a Command') {
      await vscode.commands.executeCommand('workbench.action.openSettings', '@id:nearside.server.command');
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
  own.register('showOutput', () => own.log.show());
  own.register('restart', () => own.restart());
  own.register('install', () => own.install());
  own.register('walkthrough', () => walkthrough(context));
  own.register('instruct', (wanted: Parameters<typeof instruct>[1]) => own.instruct(wanted));
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('nearside.server.command') || event.affectsConfiguration('nearside.server.offline')) {
        void own.restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => own.restart()),
  );
  void own.begin();
}

export async function deactivate(): Promise<void> {
  await extension?.stop();
}

function walkthrough(context: vscode.ExtensionContext): Thenable<unknown> {
  const id = `${context.extension.id}#start`;
  return vscode.commands.executeCommand('workbench.action.openWalkthrough', id, false);
}
