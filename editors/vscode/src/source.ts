// What pip is to install the server from, and what of pip's output is worth showing.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const STEP = /^(Collecting|Downloading|Building|Processing|Using cached)/;
const UNPACKING = /^Installing collected packages: (.*)/;
const LONGEST = 80; // characters of a notification's line

/** Return a path with the home folder put in for `~`; anything else as it is. */
export function expanded(source: string): string {
  return source === '~' || /^~[/\\]/.test(source) ? path.join(os.homedir(), source.slice(1)) : source;
}

/** Say why pip had better not be given this, in a line for the user; undefined where nothing speaks against it. */
export function problem(source: string): string | undefined {
  const name = source.trim();
  // pip takes a folder's bare name for that of a package; this one is a stranger's on PyPI.
  if (/^nearside(?![-\w./\\]|\s*@)/i.test(name)) {
    return 'On PyPI, nearside is another project. Give the path of a checkout or of a wheel.';
  }
  if (/[/\\]/.test(name) && !name.includes('://') && !fs.existsSync(expanded(name))) return `There is no ${name}.`;
  return undefined;
}

/** Return what a line of pip's says that a user wants to know; undefined for the rest. */
export function step(line: string): string | undefined {
  const text = line.trim();
  const packages = UNPACKING.exec(text)?.[1]?.split(',').length;
  if (packages) return `unpacking ${packages} packages`;
  return STEP.test(text) ? text.slice(0, LONGEST) : undefined;
}
