// What code actions need of the editor: an instruction asked for, an explanation shown beside the code.
import * as vscode from 'vscode';
import { CancellationToken } from 'vscode-languageclient/node';
import type { LanguageClient, Middleware } from 'vscode-languageclient/node';

/** What the server's command `nearside.act` takes. */
interface Wanted {
  readonly kind: string;
  readonly uri: string;
  readonly prompt?: string;
  readonly name?: string;
}

const EXPLANATION = 'nearside-explanation';
const KEPT = 20; // explanations

/** No model's text is written, and no check run, in a workspace nobody trusts: checks read its settings. */
export const offered: NonNullable<Middleware['provideCodeActions']> = (document, range, context, token, next) =>
  vscode.workspace.isTrusted ? next(document, range, context, token) : [];

/** Ask for an instruction and begin the action. */
export async function instruct(client: LanguageClient | undefined, wanted: Wanted): Promise<void> {
  if (!client?.isRunning()) {
    void vscode.window.showWarningMessage('Nothing was begun, because Nearside’s server does not run.');
    return;
  }
  const instruction = await vscode.window.showInputBox({
    title: wanted.name ? `Nearside: ${wanted.name}` : 'Nearside',
    prompt: wanted.prompt ?? 'What should be done?',
    ignoreFocusOut: true,
  });
  if (!instruction?.trim()) return;
  const { prompt: _, ...rest } = wanted;
  const params = { command: 'nearside.act', arguments: [{ ...rest, instruction }] };
  await client.sendRequest('workspace/executeCommand', params, CancellationToken.None);
}

/** Shows Markdown beside the code, each explanation as a page of its own that nobody has to save. */
export class Explanations implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registered = vscode.workspace.registerTextDocumentContentProvider(EXPLANATION, this);
  private number = 0;

  follow(client: LanguageClient): vscode.Disposable {
    return client.onNotification('nearside/explanation', (params: { title: string; text: string }) => {
      void this.show(params.title, params.text);
    });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.query) ?? 'This explanation is no longer kept.';
  }

  async show(title: string, text: string): Promise<void> {
    const number = String(++this.number);
    this.texts.set(number, `# ${title}\n\n${text}`);
    this.texts.delete(String(this.number - KEPT));
    const name = title.replace(/[^\p{L}\p{N}._-]+/gu, ' ').trim().slice(0, 60) || 'Explanation';
    const uri = vscode.Uri.from({ scheme: EXPLANATION, path: `/${name}.md`, query: number });
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  }

  dispose(): void {
    this.registered.dispose();
  }
}
