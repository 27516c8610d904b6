// Runs inside the extension host of a real VS Code; exports what it calls. Each line of the log is one test.
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const tests = [];
const test = (name, run) => tests.push({ name, run });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, look) {
  for (let end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    const seen = await look();
    if (seen) return seen;
  }
  throw new Error(`not seen: ${what}`);
}

function alive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const why = () => vscode.commands.executeCommand('nearside.why').then(String, String);
const says = (text) => until(text, async () => (await why()).includes(text));
const mode = (value) => vscode.workspace.getConfiguration('nearside').update('routing.mode', value, vscode.ConfigurationTarget.Global);

test('the extension starts by itself and offers its commands', async () => {
  const extension = vscode.extensions.getExtension('nearside.nearside');
  await until('it is active', () => extension.isActive);
  const offered = await until('the server runs', async () => {
    const all = await vscode.commands.getCommands(true);
    return all.includes('nearside.why') && all;
  });
  for (const { command } of extension.packageJSON.contributes.commands) assert.ok(offered.includes(command), command);
});

test('what nobody set is not sent: the user file keeps its say', () => says('No draft was decided about yet'));

test('what is set is sent at once, and taken back when it is unset', async () => {
  await mode('local-only');
  await says('routing.mode is local-only');
  await mode(undefined);
  await says('No draft was decided about yet');
});

test('a setting of the machine cannot be written into a workspace', async () => {
  const settings = vscode.workspace.getConfiguration('nearside');
  for (const name of ['server.command', 'server.package', 'cloud.base_url', 'model.completion', 'routing.actions.tests']) {
    await assert.rejects(Promise.resolve(settings.update(name, 'x', vscode.ConfigurationTarget.Workspace)), name);
  }
});

test('ghost text waits longer than 750 ms by default', () => {
  assert.equal(vscode.workspace.getConfiguration('editor').get('quickSuggestions').other, 'on');
});

test('code actions are offered where the cursor is', async () => {
  const file = path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, 'sums.py');
  const document = await vscode.workspace.openTextDocument(file);
  await vscode.window.showTextDocument(document);
  const range = new vscode.Range(0, 0, 0, 0);
  const titles = await until('actions', async () => {
    const actions = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', document.uri, range);
    return actions.length > 0 && actions.map((action) => action.title);
  });
  for (const title of ['Document double', 'Explain double', 'Refactor double …']) assert.ok(titles.includes(title), `${title} in ${titles}`);
});

test('however often it is restarted at once, one server is left', async () => {
  const file = path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, '../server.pids');
  const started = () => fs.readFileSync(file, 'utf8').trim().split('\n').map(Number);
  const before = started().length;
  await Promise.all([1, 2, 3].map(() => vscode.commands.executeCommand('nearside.restart')));
  await says('No draft was decided about yet');
  assert.ok(started().length > before);
  await until('one server is left', () => started().filter(alive).length === 1);
});

test('a suggestion is inserted by VS Code’s own command', async () => {
  const file = path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, 'add.py');
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  await editor.edit((edit) => edit.insert(new vscode.Position(1, 4), 'retu'));
  const end = editor.document.lineAt(1).range.end;
  editor.selection = new vscode.Selection(end, end);
  await until('the suggestion is in the text', async () => {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    await sleep(1500);
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    return editor.document.getText() === 'def add(a, b):\n    return a + b\n';
  });
});

exports.run = async function () {
  const results = process.env.NEARSIDE_RESULTS ?? path.join(vscode.workspace.workspaceFolders[0].uri.fsPath, '../results.jsonl');
  let failed = 0;
  for (const { name, run } of tests) {
    let error = '';
    try {
      await run();
    } catch (problem) {
      error = String(problem?.stack ?? problem);
      failed++;
    }
    fs.appendFileSync(results, `${JSON.stringify({ name, error })}\n`);
  }
  if (failed) throw new Error(`${failed} failed`);
};
