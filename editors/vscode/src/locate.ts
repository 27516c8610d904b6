// Where the server is: the command of the settings, `nearside` on PATH, or the one this extension installed.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { EXE } from './environments.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly from: 'settings' | 'PATH' | 'installed';
}

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
  for (const folder of PATH.split(path.delimiter).filter((one) => outside(one, folders))) {
    const program = path.join(folder, name + EXE); // a .cmd is nothing that Node would start
    if (isProgram(program)) return program;
  }
  return undefined;
}

/** Whether an absolute folder lies in none of those of the workspace. */
export function outside(folder: string, folders: readonly string[], paths: path.PlatformPath = path): boolean {
  if (!paths.isAbsolute(folder)) return false;
  return folders.every((root) => {
    const way = paths.relative(root, folder); // absolute where it is another drive of Windows
    return way === '..' || way.startsWith(`..${paths.sep}`) || paths.isAbsolute(way);
  });
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}
