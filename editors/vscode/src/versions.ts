// Which servers this extension works with.

/** The oldest one; raise it with what the extension begins to need of the server. */
export const OLDEST = '0.1.0';

/** Whether a version is older than the oldest that will do. What is no version is never too old. */
export function tooOld(version: string | undefined, oldest = OLDEST): boolean {
  const own = numbers(version ?? '');
  const needed = numbers(oldest);
  if (!own || !needed) return false;
  const at = needed.findIndex((number, index) => number !== own[index]);
  return at >= 0 && own[at]! < needed[at]!;
}

function numbers(version: string): number[] | undefined {
  return /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version)?.slice(1).map((part) => Number(part ?? 0));
}
