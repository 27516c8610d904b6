// The connection to the server: started, told what this editor can do, and started again when the server ends.
import * as os from 'node:os';
import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  type Executable,
  type Middleware,
  type StaticFeature,
} from 'vscode-languageclient/node';
import { SECTION, serverSettings, settingNames, writtenSettings } from './configuration.ts';
import type { Command } from './locate.ts';
import { pauseBefore } from './patience.ts';

/** What only clients of ours do; the server asks for nothing of it otherwise. */
const ABILITIES = { asksInstruction: true, showsExplanation: true, showsStatus: true };

const OURS: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...(capabilities.experimental as object), nearside: ABILITIES };
  },
  initialize() {},
  getState: () => ({ kind: 'static' }),
  clear() {},
};

/** What goes wrong with the connection is in the log; the user hears of it from us, and once. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  /** End the process of a server that does not come up: the client itself stops only what runs. */
  kill(): void {
    this['_serverProcess']?.kill();
  }
}

const UP = 3000; // milliseconds that a server which is to be stopped has to come up first

export type Running = 'stopped' | 'starting' | 'running';

/** One server, which is started again whenever it ends by itself. */
export class Server implements vscode.Disposable {
  readonly client: QuietClient;
  readonly from: Command['from'];
  readonly program: string;
  private readonly log: vscode.LogOutputChannel;
  private readonly changed = new vscode.EventEmitter<Running>();
  readonly onChange = this.changed.event;
  private starting: Promise<void> = Promise.resolve();
  private startedAt = 0;
  private ends = 0;
  private wanted = false;
  private why = '';
  private timer: NodeJS.Timeout | undefined;

  constructor(
    command: Command,
    extension: vscode.Extension<unknown>,
    log: vscode.LogOutputChannel,
    middleware: Middleware,
  ) {
    this.log = log;
    this.from = command.from;
    this.program = command.program;
    const names = settingNames(extension);
    const environment = serverSettings().offline ? { NEARSIDE_OFFLINE: '1' } : {};
    const executable: Executable = {
      command: command.program,
      args: [...command.args],
      // Not the workspace: a program started there could find parts of itself among the workspace's files.
      // And with all that this editor has in its environment: the client itself would hand on nothing else.
      options: { cwd: os.homedir(), env: { ...process.env, ...environment } },
    };
    log.info(`The server (${command.from}): ${[command.program, ...command.args].join(' ')}`);
    this.client = new QuietClient(SECTION, 'Nearside', executable, {
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }],
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true, message: 'The server ended.' }),
      },
      middleware: {
        ...middleware,
        workspace: {
          ...middleware.workspace,
          configuration: (params, token, next) =>
            params.items.every((item) => item.section === SECTION)
              ? params.items.map(() => writtenSettings(names))
              : next(params, token),
          // The server asks for what it needs; what the client would send holds all defaults.
          didChangeConfiguration: () =>
            this.client.sendNotification('workspace/didChangeConfiguration', { settings: null }),
        },
      },
    });
    this.client.registerFeature(OURS);
    this.client.onDidChangeState(({ newState }) => {
      this.changed.fire(newState === State.Running ? 'running' : newState === State.Starting ? 'starting' : 'stopped');
      if (newState === State.Stopped || newState === State.StartFailed) this.ended();
    });
  }

  get running(): boolean {
    return this.client.state === State.Running;
  }

  /** What the server says its version is, once it runs. */
  get version(): string | undefined {
    return this.client.initializeResult?.serverInfo?.version;
  }

  start(): void {
    this.wanted = true;
    this.startedAt = Date.now();
    this.starting = this.client.start().catch((error: unknown) => {
      this.why = error instanceof Error ? error.message : String(error);
      this.log.error(`The server did not start: ${this.why}`);
      this.ended();
    });
  }

  async stop(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.client.state === State.Starting) {
      const patience = setTimeout(() => this.client.kill(), UP);
      await this.starting;
      clearTimeout(patience);
    }
    if (this.client.needsStop()) await this.client.stop().catch(() => {}); // it may be gone already
  }

  dispose(): void {
    void this.stop().then(() => this.client.dispose().catch(() => {}));
    this.changed.dispose();
  }

  private ended(): void {
    if (!this.wanted || this.timer) return;
    const lived = Date.now() - this.startedAt;
    const { ends, pause, tell } = pauseBefore(this.ends, lived);
    this.ends = ends;
    this.log.warn(`The server ended after ${lived} ms; it is started again in ${pause} ms`);
    if (tell) void this.complain();
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.wanted) this.start();
    }, pause);
  }

  private async complain(): Promise<void> {
    const why = this.why ? ` (${this.why.split('\n')[0]})` : '';
    const line = `There are no suggestions for now, because Nearside’s server keeps ending${why}; it is started again.`;
    const answer = await vscode.window.showWarningMessage(line, 'Show Output', 'Stop It');
    if (answer === 'Show Output') this.log.show();
    if (answer === 'Stop It') await this.stop();
  }
}
