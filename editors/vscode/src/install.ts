// The environment of Python that the extension makes for the server and replaces as a whole; an installation
// that did not come to its end is never used.
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { serverSettings } from './configuration.ts';
import { onPath } from './locate.ts';
import { Failed, run } from './run.ts';

const DAY = 86_400_000; // milliseconds
const POINTER = 'server.json';
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
const CHECK = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';
const BIN = process.platform === 'win32' ? 'Scripts' : 'bin';
const EXE = process.platform === 'win32' ? '.exe' : '';

/** Return the program of the installed server, or undefined. */
export function installed(storage: string): string | undefined {
  try {
    const { folder } = JSON.parse(fs.readFileSync(path.join(storage, POINTER), 'utf8')) as { folder: string };
    const program = path.join(storage, folder, BIN, `nearside${EXE}`);
    return fs.existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Install the server with progress; return its program, or undefined where the user was told why not. */
export async function install(storage: string, log: vscode.LogOutputChannel): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showWarningMessage(
      'Nearside was not installed, because this workspace is not trusted; trust it, or open another one.',
    );
    return undefined;
  }
  for (;;) {
    const why = await attempt(storage, log);
    if (why === undefined) return installed(storage);
    if (why === '') return undefined; // cancelled
    log.error(why);
    const answer = await vscode.window.showErrorMessage(why, 'Try Again', 'Show Output');
    if (answer === 'Show Output') log.show();
    if (answer !== 'Try Again') return undefined;
  }
}

/** Return undefined after success, an empty text after a cancellation, else what to tell the user. */
async function attempt(storage: string, log: vscode.LogOutputChannel): Promise<string | undefined> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: 'Nearside: installing the server',
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const say = (line: string) => {
      log.info(line);
      if (/^(Collecting|Downloading|Building|Installing|Processing|Using cached)/.test(line.trim())) {
        progress.report({ message: line.trim().slice(0, 80) });
      }
    };
    const folder = `server-${Date.now()}`;
    const place = path.join(storage, folder);
    try {
      fs.mkdirSync(storage, { recursive: true });
      await build(storage, place, say, token);
      fs.writeFileSync(path.join(storage, POINTER), JSON.stringify({ folder }));
      return undefined;
    } catch (error) {
      fs.rmSync(place, { recursive: true, force: true });
      if (token.isCancellationRequested) return '';
      const why = error instanceof Error ? error.message : String(error);
      return `Nearside's server was not installed: ${why}`;
    }
  });
}

async function build(
  storage: string,
  place: string,
  say: (line: string) => void,
  token: vscode.CancellationToken,
): Promise<void> {
  const settings = serverSettings();
  const python = await findPython(settings.python, storage);
  say(`Python: ${python}`);
  // -I and the folder: nothing of a workspace is ever imported.
  await run(python, ['-I', '-m', 'venv', place], storage, say, token);
  const inside = path.join(place, BIN, `python${EXE}`);
  const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--retries', '2'];
  await run(inside, [...pip, '--progress-bar', 'off', '--upgrade', settings.package], storage, say, token);
  const version = await run(path.join(place, BIN, `nearside${EXE}`), ['--version'], storage, say, token);
  say(`Installed ${version}`);
}

/** Return a Python that can make the environment. Throws Failed where there is none. */
async function findPython(configured: string, storage: string): Promise<string> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  const candidates = configured ? [configured] : PYTHONS.map((name) => onPath(name, folders));
  for (const candidate of candidates) {
    if (!candidate) continue;
    try {
      await run(candidate, ['-I', '-c', CHECK], storage);
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

/** Remove what newer installations replaced. Not at once: other windows may still run their server from there. */
export async function sweep(storage: string): Promise<void> {
  const used = installed(storage);
  for (const name of fs.existsSync(storage) ? fs.readdirSync(storage) : []) {
    const place = path.join(storage, name);
    const made = /^server-(\d+)$/.exec(name)?.[1];
    if (!made || used?.startsWith(place + path.sep) || Date.now() - Number(made) < DAY) continue;
    await fs.promises.rm(place, { recursive: true, force: true }).catch(() => {}); // at the next start then
  }
}
