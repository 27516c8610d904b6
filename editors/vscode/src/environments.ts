// The environments of Python in the extension's folder: which one is used, and when older ones go. Each is made in
// a folder of its own, so one that was not finished is never used.
import * as fs from 'node:fs';
import * as path from 'node:path';

const DAY = 86_400_000; // milliseconds
const FOLDER = /^server-(\d+)$/; // when it was begun, in milliseconds

export const POINTER = 'server.json';
export const BIN = process.platform === 'win32' ? 'Scripts' : 'bin';
export const EXE = process.platform === 'win32' ? '.exe' : '';

/** Return the folder of a new environment, which the caller makes. */
export function fresh(storage: string): string {
  fs.mkdirSync(storage, { recursive: true });
  return path.join(storage, `server-${Date.now()}`);
}

/** Return the program of the environment in use, or undefined. */
export function installed(storage: string): string | undefined {
  try {
    const { folder } = JSON.parse(fs.readFileSync(path.join(storage, POINTER), 'utf8')) as { folder: string };
    const program = path.join(storage, folder, BIN, `nearside${EXE}`);
    return fs.existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Use this environment from now on. */
export function use(storage: string, place: string): void {
  const pointer = path.join(storage, POINTER);
  // At once or not at all: other windows read it at any time.
  fs.writeFileSync(`${pointer}.new`, JSON.stringify({ folder: path.basename(place) }));
  fs.renameSync(`${pointer}.new`, pointer);
}

/** Remove what newer installations replaced. Not on the day of the change: other windows may still run from there. */
export async function sweep(storage: string, now = Date.now()): Promise<void> {
  const used = installed(storage);
  if (used && now - fs.statSync(path.join(storage, POINTER)).mtimeMs < DAY) return;
  for (const { place, begun } of environments(storage)) {
    if (used?.startsWith(place + path.sep) || now - begun < DAY) continue;
    await fs.promises.rm(place, { recursive: true, force: true }).catch(() => {}); // at the next start then
  }
}

/** Remove every environment. Throws where one is in use, on systems that say so. */
export async function removeAll(storage: string): Promise<void> {
  await fs.promises.rm(path.join(storage, POINTER), { force: true });
  for (const { place } of environments(storage)) await fs.promises.rm(place, { recursive: true, force: true, maxRetries: 3 });
}

function environments(storage: string): { place: string; begun: number }[] {
  const names = fs.existsSync(storage) ? fs.readdirSync(storage) : [];
  return names.flatMap((name) => {
    const begun = FOLDER.exec(name)?.[1];
    return begun ? [{ place: path.join(storage, name), begun: Number(begun) }] : [];
  });
}
