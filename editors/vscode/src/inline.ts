// Ghost text beside what the language client does by itself: pausing, asking again when something better is there,
// and telling the server what was taken in part.
import * as vscode from 'vscode';
import type { LanguageClient, Middleware } from 'vscode-languageclient/node';
import { takenBy } from './partial.ts';

type Ask = NonNullable<Middleware['provideInlineCompletionItems']>;

interface Shown {
  readonly uri: string;
  readonly start: vscode.Position;
  readonly text: string;
  readonly command: vscode.Command;
}

export class Inline implements vscode.Disposable {
  paused = false;
  /** Called with the first suggestion of this window. */
  onFirst: () => void = () => {};
  private again = false;
  private shown: readonly Shown[] = [];
  private readonly listener = vscode.workspace.onDidChangeTextDocument((event) => this.changed(event));
  private client: LanguageClient | undefined;

  readonly ask: Ask = async (document, position, context, token, next) => {
    // A refresh is no wish for alternatives, though VS Code triggers it as if somebody had asked by hand.
    const automatic = this.again ? { ...context, triggerKind: vscode.InlineCompletionTriggerKind.Automatic } : context;
    this.again = false;
    if (this.paused) return [];
    const answer = await next(document, position, automatic, token);
    const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
    if (!token.isCancellationRequested && items.length > 0) {
      this.shown = items.flatMap((item) =>
        typeof item.insertText === 'string' && item.command && item.range
          ? [{ uri: document.uri.toString(), start: item.range.start, text: item.insertText, command: item.command }]
          : [],
      );
      this.onFirst();
      this.onFirst = () => {};
    }
    return answer;
  };

  /** Listen to a server's word that asking again brings something better. */
  follow(client: LanguageClient): vscode.Disposable {
    this.client = client;
    return client.onNotification('nearside/refresh', (params: { uri: string; byHand?: boolean }) => {
      const editor = vscode.window.activeTextEditor;
      const uri = client.protocol2CodeConverter.asUri(params.uri).toString();
      if (editor?.document.uri.toString() !== uri || this.paused) return;
      this.again = params.byHand !== true;
      void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    });
  }

  dispose(): void {
    this.listener.dispose();
  }

  private changed(event: vscode.TextDocumentChangeEvent): void {
    const [change] = event.contentChanges;
    const uri = event.document.uri.toString();
    const here = this.shown.filter((one) => one.uri === uri);
    if (!change || event.contentChanges.length !== 1 || here.length === 0) return;
    for (const one of here) {
      const end = event.document.positionAt(event.document.offsetAt(one.start) + one.text.length);
      const text = event.document.getText(new vscode.Range(one.start, end));
      const taken = takenBy(change.text, one.text, text);
      if (taken && this.client?.isRunning()) {
        const item = { insertText: one.text, command: one.command };
        const params = { item, acceptedLength: taken.length };
        void this.client.sendNotification('textDocument/didPartiallyAcceptCompletion', params);
        return;
      }
    }
  }
}
