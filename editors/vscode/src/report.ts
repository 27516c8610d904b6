// The cost report as a page of the editor: its file may lie on another machine than the browser.
import * as fs from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

type Show = NonNullable<NonNullable<Middleware['window']>['showDocument']>;

const POLICY = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`;
let panel: vscode.WebviewPanel | undefined;

export const showDocument: Show = async (params, token, next) => {
  const uri = vscode.Uri.parse(params.uri);
  if (uri.scheme !== 'file' || !uri.path.endsWith('/cost.html')) return next(params, token);
  const page = await fs.readFile(uri.fsPath, 'utf8');
  if (!panel) {
    panel = vscode.window.createWebviewPanel('nearside.report', 'Nearside: Cost Report', vscode.ViewColumn.Active);
    panel.onDidDispose(() => (panel = undefined));
  }
  panel.webview.html = page.replace(/<head>|^/, (start) => start + POLICY);
  panel.reveal();
  return { success: true };
};
