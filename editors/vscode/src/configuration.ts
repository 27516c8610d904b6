// What the server is told of the settings: those the user wrote, so that its other layers keep their say.
import * as vscode from 'vscode';

export const SECTION = 'nearside';
const OURS = `${SECTION}.server.`;

export interface ServerSettings {
  readonly command: readonly string[];
  readonly package: string;
  readonly python: string;
  readonly offline: boolean;
}

/** How the server is started; never from a workspace's own settings, as their scope is `machine`. */
export function serverSettings(): ServerSettings {
  const of = vscode.workspace.getConfiguration(`${SECTION}.server`);
  return {
    command: of.get<string[]>('command', []),
    package: of.get('package', ''),
    python: of.get('python', ''),
    offline: of.get('offline', false),
  };
}

/** The settings somebody wrote, as nested tables under their names in the server's schema. */
export function writtenSettings(keys: readonly string[]): Record<string, unknown> {
  const all = vscode.workspace.getConfiguration();
  const written: Record<string, unknown> = {};
  for (const key of keys) {
    const places = all.inspect(key);
    const project = vscode.workspace.isTrusted
      ? (places?.workspaceFolderValue ?? places?.workspaceValue)
      : undefined;
    if (project !== undefined || places?.globalValue !== undefined) {
      put(written, key.split('.').slice(1), all.get(key));
    }
  }
  return JSON.parse(JSON.stringify(written)) as Record<string, unknown>;
}

/** The names of the server's settings, as package.json lists them. */
export function settingNames(extension: vscode.Extension<unknown>): string[] {
  const groups = extension.packageJSON.contributes.configuration as { properties: object }[];
  return groups.flatMap((group) => Object.keys(group.properties)).filter((name) => !name.startsWith(OURS));
}

/** Settings of the machine stand on a page of their own in a remote window, and nowhere else there. */
export function openMachineSetting(name: string): Thenable<unknown> {
  const query = `@id:${SECTION}.${name}`;
  const page = vscode.env.remoteName ? 'openRemoteSettings' : 'openSettings';
  return vscode.commands.executeCommand(`workbench.action.${page}`, { query });
}

function put(table: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) return;
  if (rest.length === 0) table[name] = value;
  else put((table[name] ??= {}) as Record<string, unknown>, rest, value);
}
