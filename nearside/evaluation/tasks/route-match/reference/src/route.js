// Patterns of routes, and what they take from a path.

/** Return the segments of a path or pattern; slashes at its ends, and double ones, do not matter. */
export function segments(path) {
  return path.split("/").filter((part) => part !== "");
}

/** Return a segment with its % escapes decoded; undefined where one is broken. */
export function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/**
 * Match a path with a pattern: return its parameters by name, or null where it does not match.
 *
 * A segment of the pattern is a word that must stand there, `:name` for any one segment, either with `?` behind it
 * at the end of a pattern, where it may be lacking, or `*name` as the last one for all that is left, which may be
 * nothing; its name is "rest" where it has none. Segments of the path are decoded one by one, so that an escaped slash
 * separates nothing; a path with a broken escape matches nothing.
 */
export function matchRoute(pattern, path) {
  const wanted = segments(pattern);
  const given = segments(path);
  const params = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith("*")) {
      const rest = given.slice(index).map(decoded);
      if (rest.includes(undefined)) return null;
      params[part.slice(1) || "rest"] = rest.join("/");
      return params;
    }
    const optional = part.endsWith("?");
    if (index >= given.length) {
      if (optional) continue;
      return null;
    }
    const value = decoded(given[index]);
    if (value === undefined) return null;
    const name = optional ? part.slice(0, -1) : part;
    if (name.startsWith(":")) params[name.slice(1)] = value;
    else if (name !== value) return null;
  }
  return given.length > wanted.length ? null : params;
}

/** Return how specific a pattern is: words count more than parameters, and those more than a rest. */
export function weight(pattern) {
  return segments(pattern).reduce((sum, part) => {
    if (part.startsWith("*")) return sum;
    return sum + (part.startsWith(":") ? 2 : 3);
  }, 0);
}
