// Which part of a suggestion one change of a text took over: word by word, or line by line.

export interface Taken {
  /** UTF-16 units of the suggestion that are in the text by now. */
  readonly length: number;
}

const PAIRS = new Set(['()', '[]', '{}', '""', "''", '``']);

/**
 * Return how much of `suggested` stands in `text` from its place on, where one change inserted several characters
 * of it at once. What keys insert by themselves (pairs of brackets, indentation) is typing, and the whole is told
 * by the item's command.
 */
export function takenBy(inserted: string, suggested: string, text: string): Taken | undefined {
  if (inserted.length < 2 || PAIRS.has(inserted) || inserted.trim() === '') return undefined;
  let length = 0;
  while (length < suggested.length && suggested[length] === text[length]) length++;
  if (length >= suggested.length || !suggested.slice(0, length).endsWith(inserted)) return undefined;
  return { length };
}
