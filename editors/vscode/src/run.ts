// Runs a program to its end: its lines are handed on as they come, and a cancellation ends it.
import { spawn } from 'node:child_process';
import * as readline from 'node:readline';
import type { CancellationToken } from 'vscode';

export class Failed extends Error {}

/**
 * Return what the program printed last. Throws Failed with its last error, or else its last line, where it failed
 * or did not run.
 */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  onLine: (line: string) => void = () => {},
  token?: CancellationToken,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const stop = token?.onCancellationRequested(() => child.kill());
    let last = '';
    let problem = ''; // what pip calls an error need not be its last line
    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface({ input: stream }).on('line', (line) => {
        last = line.trim() || last;
        if (/^error\b/i.test(line)) problem = line.trim();
        onLine(line);
      });
    }
    child.on('error', (error) => reject(new Failed(error.message)));
    child.on('close', (code, signal) => {
      stop?.dispose();
      if (code === 0) resolve(last);
      else reject(new Failed(problem || last || `${program} ended with ${signal ?? code}`));
    });
  });
}
