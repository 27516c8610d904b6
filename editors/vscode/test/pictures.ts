// Takes the pictures of docs/vscode.md, with the bundled model where no chat is needed: `PICTURES=docs node pictures.ts`.
import { execFileSync } from 'node:child_process';
import * as path from 'node:path';
import { REPOSITORY, Workbench } from './workbench.ts';

const NEARSIDE = path.join(REPOSITORY, '.venv/bin/nearside');
const QUIET = {
  'editor.fontSize': 15,
  'editor.lineHeight': 1.5,
  'breadcrumbs.enabled': false,
  'editor.lightbulb.enabled': 'off',
  'workbench.activityBar.location': 'hidden',
  'workbench.layoutControl.enabled': false,
  'explorer.openEditors.visible': 0,
  'remote.autoForwardPorts': false,
};
const STOCK = `\
"""What is in the shop, and what it is worth."""


class Item:
    def __init__(self, name: str, price: float, count: int = 0):



class Stock:
    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def add(self, item: Item) -> None:
        self.items[item.name] = item
`;
const SHOP = `\
def total(prices: list[float], discount: float = 0.0) -> float:
    """Return what all of it costs, less the discount."""
    raise NotImplementedError


def cheapest(prices: dict[str, float]) -> str:
    return min(prices, key=lambda name: prices[name])
`;
const TOTAL = `\
def total(prices: list[float], discount: float = 0.0) -> float:
    """Return what all of it costs, less the discount."""
    if not 0 <= discount <= 1:
        raise ValueError(f"{discount} is no share")
    return sum(prices) * (1 - discount)`;

async function bundled(): Promise<void> {
  const code = await Workbench.open({
    server: `'${NEARSIDE}' serve`,
    settings: { ...QUIET, 'nearside.completion.show_above': 0 },
    files: { 'stock.py': STOCK, 'shop.py': SHOP },
  });
  try {
    await code.openFile('stock.py');
    await code.until('the status bar names the model', async () => !['', 'Nearside'].includes(await code.status()));
    await code.goTo(5);
    await code.press('ArrowDown');
    await code.type('        self.name = name\n');
    await code.type('self.pric');
    await code.until('ghost text', async () => (await code.ghost()).trim().length > 2);
    await code.page.waitForTimeout(1000);
    await code.picture('ghost');
    await code.press('Tab');
    await code.saved('stock.py');
    await code.until('the menu says that the index is ready', async () => {
      await code.press('Escape');
      await code.page.click('.statusbar-item[id$="nearside.status"] a');
      await code.page.waitForSelector('.quick-input-list .monaco-list-row');
      await code.page.waitForTimeout(1000);
      return code.page.$('.quick-input-list .monaco-list-row:has-text("index is ready")');
    });
    await code.picture('menu');
    await code.press('Escape');
    await code.command('Nearside: Open the Cost Report');
    const page = code.page.frameLocator('iframe.webview').frameLocator('iframe');
    await page.getByText('What this assistant costs').waitFor();
    await code.page.waitForTimeout(1000);
    await code.picture('report');
  } finally {
    const homes = Object.fromEntries(['CONFIG', 'DATA', 'STATE', 'CACHE'].map((kind) => [`XDG_${kind}_HOME`, path.join(code.state, kind.toLowerCase())]));
    execFileSync(NEARSIDE, ['engine', 'stop'], { env: { ...process.env, ...homes }, stdio: 'ignore' });
    await code.close();
  }
}

/** The bundled model does not chat: what it would say is written above, and its name not shown. */
async function scripted(): Promise<void> {
  const code = await Workbench.open({
    script: { chats: [`\`\`\`python\n${TOTAL}\n\`\`\``] },
    settings: { ...QUIET, 'window.zoomLevel': 0 },
    files: { 'shop.py': SHOP },
  });
  try {
    await code.openFile('shop.py');
    await code.isReady();
    code.configure({ ...code.settings, 'workbench.statusBar.visible': false });
    await code.page.waitForSelector('.part.statusbar', { state: 'hidden' });
    await code.goTo(1);
    await code.press('Control+.');
    const row = '.action-widget .monaco-list-row:has-text("Implement total")';
    await code.page.click(row);
    await code.page.waitForSelector('.part.panel >> text=Apply');
    await code.page.click('.part.panel .monaco-list-row >> nth=0 >> .edit-checkbox');
    await code.page.click('.part.panel .monaco-list-row >> nth=1');
    await code.page.waitForTimeout(2000);
    await code.picture('preview');
  } finally {
    await code.close();
  }
}

await bundled();
await scripted();
