// What helps the server's suggestions beside the text: where the cursor rests, and what other servers complain about.
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

const REST = 200; // milliseconds without a move until a cursor rests
const SETTLE = 300; // milliseconds without a new diagnostic

export function hint(client: LanguageClient): vscode.Disposable {
  let resting: NodeJS.Timeout | undefined;
  let settling: NodeJS.Timeout | undefined;
  const served = (document: vscode.TextDocument) => ['file', 'untitled'].includes(document.uri.scheme);
  const moved = vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
    clearTimeout(resting);
    if (kind === undefined || !served(textEditor.document)) return; // a change of the text moved it
    resting = setTimeout(() => {
      if (!client.isRunning()) return;
      const textDocument = client.code2ProtocolConverter.asTextDocumentIdentifier(textEditor.document);
      const position = client.code2ProtocolConverter.asPosition(textEditor.selection.active);
      void client.sendNotification('nearside/cursor', { textDocument, position });
    }, REST);
  });
  const diagnosed = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      for (const document of vscode.workspace.textDocuments) {
        const uri = document.uri.toString();
        if (!client.isRunning() || !served(document) || !uris.some((one) => one.toString() === uri)) continue;
        const diagnostics = vscode.languages.getDiagnostics(document.uri).map((one) => ({
          message: one.message,
          range: client.code2ProtocolConverter.asRange(one.range),
        }));
        const textDocument = client.code2ProtocolConverter.asTextDocumentIdentifier(document);
        void client.sendNotification('nearside/diagnostics', { textDocument, diagnostics });
      }
    }, SETTLE);
  });
  return vscode.Disposable.from(moved, diagnosed, {
    dispose: () => [resting, settling].forEach((timer) => clearTimeout(timer)),
  });
}
