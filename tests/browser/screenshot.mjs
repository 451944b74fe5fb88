// Makes docs/page.png: the page of `gantry up` with its own example, in the middle of the burst.
//
//   GANTRY_NODE_MODULES=build/release/web-npm-dev/node_modules node tests/browser/screenshot.mjs build/release/gantry [docs/page.png]
import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { launch, open } from './browser.mjs';

const [binary, file = 'docs/page.png'] = process.argv.slice(2);
const AT_S = 20; // the burst is sent, the workers are at it
const any = '127.0.0.1:0';
// found in PATH, so that the picture shows the commands of an installed gantry
const env = { ...process.env, PATH: `${dirname(resolve(binary))}:${process.env.PATH}` };
const child = spawn(binary, ['up', '--http', any, '--namesrv-listen', any, '--listen', any], { env });
const ended = new Promise((done) => child.on('exit', done));
const browser = await launch();
try {
  const url = await new Promise((done, failed) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const found = /http:\/\/[\d.:]+\//.exec(output);
      if (found) done(found[0]);
    });
    ended.then((code) => failed(new Error(`gantry up ended with ${code}: ${output}`)));
  });
  const { page } = await open(browser, url, { width: 1280, height: 1080 });
  let state;
  do {
    await page.waitForTimeout(200);
    state = await (await fetch(new URL('api/state', url))).json();
  } while (state.uptime_s < AT_S);
  await page.waitForTimeout(1200); // the page hears of it once a second
  await page.screenshot({ path: file });
  console.log(`${file}: ${state.phase}`);
} finally {
  await browser.close();
  child.kill('SIGINT');
  await ended;
}
