// Bundles the extension into dist/extension.js, with the licences of what went into it; `--watch` goes on at every change.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { context } from 'esbuild';

const watching = process.argv.includes('--watch');
const bundle = await context({
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  minify: !watching,
  sourcemap: watching,
  legalComments: 'none',
  metafile: true,
  logLevel: 'info',
});
const { metafile } = await bundle.rebuild();
writeFileSync('dist/NOTICE.txt', licences(Object.keys(metafile.inputs)));
if (watching) await bundle.watch();
else await bundle.dispose();

function licences(files) {
  const folders = new Set(files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean));
  return [...folders].sort().map(licence).join('\n');
}

function licence(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = existsSync(folder) && readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file) throw new Error(`${name} brings no licence text`);
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf8')}\n${'-'.repeat(80)}\n`;
}
