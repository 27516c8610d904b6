// Draws media/icon.png from media/icon.svg with the Chromium named by CHROMIUM, 256 pixels wide.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const here = new URL('../media/', import.meta.url);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 256, height: 256 } });
const drawing = readFileSync(new URL('icon.svg', here), 'utf8');
await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${drawing}`);
await page.screenshot({ path: new URL('icon.png', here).pathname, omitBackground: true });
await browser.close();
