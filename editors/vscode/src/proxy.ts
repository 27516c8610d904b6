// The proxy that pip is to use where only VS Code knows of one.

const NAMES = ['http_proxy', 'https_proxy', 'all_proxy'];

/** Return variables that name VS Code's proxy. What the user's shell says about proxies goes first, as for any pip. */
export function proxyVariables(
  proxy: string,
  except: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const said = NAMES.some((name) => environment[name] || environment[name.toUpperCase()]);
  if (!proxy.trim() || said) return {};
  // In small letters: an empty variable of that name, which a shell may have, would hide one in capitals.
  const own = { http_proxy: proxy.trim(), https_proxy: proxy.trim() };
  return except.length > 0 ? { ...own, no_proxy: except.join(',') } : own;
}
