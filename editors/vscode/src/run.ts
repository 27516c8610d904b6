// Runs a program to its end: its lines are handed on as they come, and a cancellation ends it with all it started.
import { spawn, type ChildProcess } from 'node:child_process';
import * as readline from 'node:readline';

const WINDOWS = process.platform === 'win32';
const GRACE = 2000; // milliseconds to tidy up in; VS Code gives an extension about five to leave

export class Failed extends Error {}

export interface Context {
  readonly cwd: string;
  /** What the program's environment has besides our own. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Return what the program printed last. Throws Failed with its last error, or else its last line, where it failed
 * or did not run. Once `signal` is aborted it throws, too, and neither the program nor what it started still runs.
 */
export function run(program: string, args: readonly string[], context: Context): Promise<string> {
  const { cwd, environment, onLine, signal } = context;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw new Failed(`${program} was not started`);
    const env = { ...process.env, ...environment };
    // A group of its own, so that it can be ended together with its children: pip runs compilers, git and itself.
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true, detached: !WINDOWS });
    let force: NodeJS.Timeout | undefined;
    const stop = () => {
      end(child, 'SIGTERM');
      force = setTimeout(() => end(child, 'SIGKILL'), GRACE);
    };
    signal?.addEventListener('abort', stop, { once: true });
    let last = '';
    let problem = ''; // what pip calls an error need not be its last line
    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface({ input: stream }).on('line', (line) => {
        last = line.trim() || last;
        if (/^error\b/i.test(line)) problem = line.trim();
        onLine?.(line);
      });
    }
    child.on('error', (error) => reject(new Failed(error.message)));
    child.on('close', (code, ended) => {
      signal?.removeEventListener('abort', stop);
      clearTimeout(force);
      if (signal?.aborted) end(child, 'SIGKILL'); // what of it gave up its output before
      if (code === 0 && !signal?.aborted) resolve(last);
      else reject(new Failed(problem || last || `${program} ended with ${ended ?? code}`));
    });
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!child.pid) return;
  try {
    if (WINDOWS) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    else process.kill(-child.pid, signal);
  } catch {
    // all of it has ended
  }
}
