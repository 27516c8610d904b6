// The item in the status bar and its menu. What they say comes from the server's `nearside/status`.
import * as vscode from 'vscode';
import type { Running } from './client.ts';

/** What the server tells, again whenever something of it changes. */
export interface Figures {
  readonly engine: 'loading' | 'ready' | 'failed';
  readonly model: string;
  /** The hosted model that may be asked; empty where none may. */
  readonly hosted: string;
  readonly enabled: boolean;
  readonly index: { readonly state: 'off' | 'reading' | 'ready'; readonly done: number; readonly total: number };
  /** US dollars, as decimal text; null where nothing may be spent. */
  readonly spent: { readonly today: string; readonly budget: string } | null;
}

export interface State {
  readonly running: Running | 'missing';
  readonly installing: boolean;
  /** The version of the server and where it came from, where it runs. */
  readonly server: string;
  readonly paused: boolean;
  readonly offline: boolean;
  readonly figures: Figures | undefined;
}

export interface Look {
  readonly text: string;
  readonly warns: boolean;
  /** What the tooltip and the menu say, a line each. */
  readonly lines: readonly string[];
}

/** Put a state into words. */
export function look(state: State): Look {
  const { figures } = state;
  if (state.running === 'missing' && state.installing) {
    return { text: '$(loading~spin) Nearside', warns: false, lines: ['The server is being installed'] };
  }
  if (state.running === 'missing') return { text: '$(warning) Nearside', warns: true, lines: ['The server is not installed'] };
  if (state.running === 'starting') return { text: '$(loading~spin) Nearside', warns: false, lines: ['The server starts'] };
  if (state.running === 'stopped') return { text: '$(warning) Nearside', warns: true, lines: ['The server does not run'] };
  const lines = figures ? [...said(figures, state.offline), state.server] : [state.server];
  if (state.paused || figures?.enabled === false) {
    const why = state.paused ? 'Suggestions are paused in this window' : 'Suggestions are off (completion.enabled)';
    return { text: '$(debug-pause) Nearside', warns: false, lines: [why, ...lines] };
  }
  if (figures?.engine === 'failed') return { text: '$(warning) Nearside', warns: true, lines };
  if (!figures || figures.engine === 'loading') return { text: '$(loading~spin) Nearside', warns: false, lines };
  const icon = state.offline ? '$(debug-disconnect)' : figures.hosted ? '$(cloud)' : '$(device-desktop)';
  return { text: `${icon} ${short(figures.model)}`, warns: false, lines };
}

function said(figures: Figures, offline: boolean): string[] {
  const { index, spent } = figures;
  const engine = { loading: 'is loading', ready: 'is ready', failed: 'does not answer' }[figures.engine];
  const where = offline ? 'Offline: nothing leaves this machine' : 'Local only: no hosted model is asked';
  const read = index.total > 0 ? `The project is being read: ${index.done} of ${index.total}` : 'The project is being read';
  return [
    figures.model ? `Model: ${figures.model} (${engine})` : `The model ${engine}`,
    figures.hosted && !offline ? `Hosted model where the local one will not do: ${figures.hosted}` : where,
    { off: 'The project is not indexed', reading: read, ready: 'The project’s index is ready' }[index.state],
    spent ? `Spent today: $${money(spent.today)} of $${money(spent.budget)}` : 'Spent today: $0.00',
  ];
}

function money(amount: string): string {
  const value = Number(amount);
  return value > 0 && value < 0.01 ? value.toFixed(4) : value.toFixed(2);
}

function short(model: string): string {
  const name = model.split(/[\\/]/).at(-1) ?? model;
  return name.length > 28 ? `${name.slice(0, 27)}…` : name;
}

interface Choice extends vscode.QuickPickItem {
  readonly command?: string;
}

/** Show the figures and what can be done; run what is chosen. */
export async function menu(state: State): Promise<void> {
  const choices: Choice[] = [
    ...look(state).lines.map((label): Choice => ({ label: `$(info) ${label}`, command: 'nearside.showOutput' })),
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    state.paused
      ? { label: '$(play) Resume suggestions', command: 'nearside.togglePause' }
      : { label: '$(debug-pause) Pause suggestions', command: 'nearside.togglePause' },
    state.offline
      ? { label: '$(globe) Go online', command: 'nearside.toggleOffline' }
      : { label: '$(debug-disconnect) Go offline', description: 'restarts the server', command: 'nearside.toggleOffline' },
    ...(state.running === 'running'
      ? [
          { label: '$(question) Explain the last decision', command: 'nearside.why' },
          { label: '$(graph) Open the cost report', command: 'nearside.costReport' },
        ]
      : []),
    { label: '$(gear) Open settings', command: 'nearside.openSettings' },
    { label: '$(output) Show output', command: 'nearside.showOutput' },
    { label: '$(debug-restart) Restart the server', command: 'nearside.restart' },
    ...(state.running === 'missing' && !state.installing ? [{ label: '$(cloud-download) Install the server', command: 'nearside.install' }] : []),
  ];
  const chosen = await vscode.window.showQuickPick(choices, { title: 'Nearside', placeHolder: 'What should be done?' });
  if (chosen?.command) await vscode.commands.executeCommand(chosen.command);
}

/** Make the item of the status bar; call the function it comes with after each change. */
export function statusItem(): { item: vscode.StatusBarItem; show: (state: State) => void } {
  const item = vscode.window.createStatusBarItem('nearside.status', vscode.StatusBarAlignment.Right, 100);
  item.name = 'Nearside';
  item.command = 'nearside.menu';
  const show = (state: State) => {
    const { text, warns, lines } = look(state);
    item.text = text;
    item.tooltip = new vscode.MarkdownString(`**Nearside**\n\n${lines.map((line) => line.replaceAll(/[\\`*_{}[\]<>]/g, '\\$&')).join('  \n')}`);
    item.backgroundColor = warns ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.accessibilityInformation = { label: `Nearside: ${lines.join(', ')}` };
  };
  item.show();
  return { item, show };
}
