// A server that ends while the user types costs no character, and comes back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Workbench } from './workbench.ts';

const KILLS = 20;
let code: Workbench;

before(async () => {
  code = await Workbench.open({
    script: { follow: 'def add(a, b):\n    return a + b\n' },
    settings: { 'editor.acceptSuggestionOnEnter': 'off' },
    files: { 'typed.py': '' },
  });
});

after(() => code.close());

test(`a server that is killed ${KILLS} times while one types loses nothing and comes back`, async () => {
  await code.openFile('typed.py');
  await code.isReady();
  const lines = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const servers = code.servers();
    assert.equal(servers.length, kill, 'a killed server is started again, once');
    const line = `name_${kill} = ${kill}`;
    lines.push(line);
    await code.type(line.slice(0, 4));
    process.kill(servers.at(-1)!, 'SIGKILL');
    await code.type(`${line.slice(4)}\n`);
    await code.until(`server ${kill + 1} was started`, () => code.servers().length > kill);
  }
  const text = `${lines.join('\n')}\n`;
  assert.equal(await code.saved('typed.py', (now) => now.length >= text.length), text);
  await code.isReady();
  await code.type('def add(a, b):\nretu');
  await code.showsGhost('rn a + b');
});
