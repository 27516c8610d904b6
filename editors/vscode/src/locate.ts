// Where the server is: the command of the settings, `nearside` on PATH, or the one this extension installed.
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly from: 'settings' | 'PATH' | 'installed';
}

const WINDOWS = process.platform === 'win32';

/** Return the command to start, or undefined where there is none; `installed` is a program of ours, if any. */
export function locate(
  configured: readonly string[],
  installed: string | undefined,
  folders: readonly string[],
  PATH = process.env.PATH ?? '',
): Command | undefined {
  const [program, ...args] = configured;
  if (program) return { program, args, from: 'settings' };
  const found = onPath('nearside', folders, PATH);
  if (found) return { program: found, args: ['serve'], from: 'PATH' };
  return installed ? { program: installed, args: ['serve'], from: 'installed' } : undefined;
}

/** Return a program of PATH. Relative folders, and those inside the workspace, are not looked at. */
export function onPath(name: string, folders: readonly string[], PATH = process.env.PATH ?? ''): string | undefined {
  const outside = (folder: string) =>
    path.isAbsolute(folder) && !folders.some((root) => !path.relative(root, folder).startsWith('..'));
  for (const folder of PATH.split(path.delimiter).filter(outside)) {
    for (const end of WINDOWS ? ['.exe', '.cmd'] : ['']) {
      const program = path.join(folder, name + end);
      if (isProgram(program)) return program;
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
