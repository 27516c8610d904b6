// Installs the server with pip into a new environment of Python, with progress, and replaces the former as a whole.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { SECTION, serverSettings } from './configuration.ts';
import { BIN, EXE, fresh, use } from './environments.ts';
import { onPath } from './locate.ts';
import { proxyVariables } from './proxy.ts';
import { Failed, run, type Context } from './run.ts';
import { expanded, problem, step } from './source.ts';

// The newest last, as not all that the server needs may be built for it yet; on Windows there is no number.
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python', 'python3.14', 'py'];
const CHECK = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';

/**
 * Install the server with progress. Return undefined after success, an empty text where it was cancelled, else one line
 * for the user: why not. `leaving` ends it like a cancellation: its programs are gone, and what they made is removed.
 */
export async function install(
  storage: string,
  log: vscode.LogOutputChannel,
  leaving: AbortSignal,
): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    return 'Nearside’s server was not installed, because this workspace is not trusted; trust it, or open another one.';
  }
  const configured = serverSettings().package.trim();
  const source = configured || (await asked());
  if (!source) return '';
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Nearside: installing the server',
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const cancelled = new AbortController();
    token.onCancellationRequested(() => cancelled.abort());
    const signal = AbortSignal.any([leaving, cancelled.signal]);
    const onLine = (line: string) => {
      log.info(line);
      const message = step(line);
      if (message) progress.report({ message });
    };
    const place = fresh(storage);
    try {
      progress.report({ message: 'making an environment of Python' });
      await build(place, expanded(source), { cwd: storage, onLine, signal, environment: proxy() });
      use(storage, place);
      if (!configured) await keep(source);
      return undefined;
    } catch (error) {
      await fs.promises.rm(place, { recursive: true, force: true, maxRetries: 3 }).catch(() => {}); // swept later
      if (signal.aborted) return '';
      const why = error instanceof Error ? error.message : String(error);
      return `Nearside’s server was not installed: ${why}`;
    }
  });
}

/** Ask where the server is to come from; empty where the user leaves it open. */
async function asked(): Promise<string> {
  const answer = await vscode.window.showInputBox({
    title: 'Nearside: where is the server?',
    prompt: 'The folder of a checkout of Nearside, or a wheel made of one; pip installs it',
    placeHolder: '~/src/nearside',
    ignoreFocusOut: true,
    validateInput: problem,
  });
  return answer?.trim() ?? '';
}

/** Remember what was installed, for updates. */
async function keep(source: string): Promise<void> {
  const settings = vscode.workspace.getConfiguration(`${SECTION}.server`);
  await settings.update('package', source, vscode.ConfigurationTarget.Global);
}

async function build(place: string, source: string, context: Context): Promise<void> {
  const python = await findPython(serverSettings().python, context);
  context.onLine?.(`Python: ${python}`);
  // -I and the folder: nothing of a workspace is ever imported.
  await run(python, ['-I', '-m', 'venv', place], context);
  const inside = path.join(place, BIN, `python${EXE}`);
  // Not compiled: Python does that with what it uses, and pip takes a third longer for all of it.
  const how = ['--disable-pip-version-check', '--no-input', '--no-user', '--no-compile', '--retries', '2'];
  await run(inside, ['-I', '-m', 'pip', 'install', ...how, '--progress-bar', 'off', '--upgrade', source], context);
  const version = await run(path.join(place, BIN, `nearside${EXE}`), ['--version'], context);
  context.onLine?.(`Installed ${version}`);
}

/** Return a Python that can make the environment. Throws Failed where there is none. */
async function findPython(configured: string, context: Context): Promise<string> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const candidates = configured ? [configured] : PYTHONS.map((name) => onPath(name, folders));
  for (const candidate of candidates) {
    if (!candidate) continue;
    try {
      await run(candidate, ['-I', '-c', CHECK], { ...context, onLine: undefined });
      return candidate;
    } catch {
      // too old, or without venv
    }
  }
  const which = configured || 'PATH';
  throw new Failed(
    `no Python 3.11 or later with venv was found (${which}). Install one, or name it in nearside.server.python.`,
  );
}

function proxy(): Record<string, string> {
  const http = vscode.workspace.getConfiguration('http');
  if (http.get('proxySupport') === 'off') return {};
  return proxyVariables(http.get('proxy', ''), http.get<string[]>('noProxy', []), process.env);
}
