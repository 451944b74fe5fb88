// The page of a real `gantry up`: this starts the binary with the example, a little faster, and watches in Chromium how
// the backlog rises, replicas come from zero and go again, and how faults look.
// Variables of the environment: real.mjs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { differences, history, state } from './contract.mjs';
import { launch, open } from './browser.mjs';
import { binary, picture, without } from './real.mjs';

const example = readFileSync(resolve(dirname(fileURLToPath(import.meta.url)), '../../examples/orders.yaml'), 'utf8');
const check = (name, run) => test(name, { skip: without, timeout: 60_000 }, run);

/** The example, over in half the time. */
const quick = example
  .replace('"messages": 12000', '"messages": 2000')
  .replace('cooldownPeriod: 8', 'cooldownPeriod: 3')
  .replace('stabilizationWindowSeconds: 5', 'stabilizationWindowSeconds: 1');

describe('the page of a real gantry up', () => {
  let browser;
  let dir;
  const cleanup = [];

  /** Starts gantry up on free ports and answers its page's address once it has printed it. */
  async function up(yaml, ...more) {
    const file = join(dir, `${cleanup.length}.yaml`);
    writeFileSync(file, yaml);
    const own = more.includes('--namesrv') ? [] : ['--namesrv-listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
    const child = spawn(binary, ['up', '-f', file, '--http', '127.0.0.1:0', ...own, ...more]);
    const ended = new Promise((done) => child.on('exit', done));
    cleanup.push(async () => {
      child.kill('SIGINT');
      await ended;
    });
    let output = '';
    return new Promise((done, failed) => {
      const look = (chunk) => {
        output += chunk;
        const found = /http:\/\/[\d.:]+\//.exec(output);
        if (found) done(found[0]);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      ended.then((code) => failed(new Error(`gantry up ended with ${code}: ${output}`)));
    });
  }
  const opened = async (url, options) => {
    const shown = await open(browser, url, options);
    cleanup.push(() => shown.close());
    return shown;
  };
  const figure = async (page, id) => (await page.getByTestId(`figure-${id}`).locator('.big').innerText()).trim();
  /** Waits until the figure's number passes; asked from here, because the page's own policy forbids eval. */
  const until = async (page, id, passes) => {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const text = await figure(page, id);
      const found = /^[\d,]+/.exec(text);
      if (found && passes(Number(found[0].replaceAll(',', '')))) return;
      assert.ok(Date.now() < deadline, `${id} stays at ${text}`);
      await page.waitForTimeout(50);
    }
  };

  before(async () => {
    if (without) return;
    dir = mkdtempSync(join(tmpdir(), 'gantry-live-'));
    browser = await launch();
  });
  after(async () => {
    for (const undo of cleanup.reverse()) await undo();
    await browser?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  check('GivenTheExample_WhenItsBurstComes_ThenLagRisesReplicasComeFromZeroAndGoAgain', async () => {
    const url = await up(quick);
    const { page, errors, requests } = await opened(url);
    assert.equal(await figure(page, 'replicas').then((t) => t[0]), '0');
    await until(page, 'backlog', (n) => n > 500);
    await until(page, 'replicas', (n) => n >= 4);
    // what is said while it works, in one moment
    const said = await page.getByTestId('explanation').innerText();
    assert.match(said, /lag is \d+, target 300 per replica/);
    assert.match(await page.getByTestId('scaled-object').innerText(), /lag of orders\/orders-workers[\s\S]*300[\s\S]*per replica/);
    // until the group's first commit the age of its oldest message is unknown, and so the page says
    await page.waitForFunction(() => document.querySelector('[data-testid=status]').dataset.level === 'busy');
    await page.waitForFunction(() => /CONSUME_SUCCESS/.test(document.querySelector('[data-testid=worker]')?.innerText ?? ''));
    const worker = page.getByTestId('worker').first();
    await worker.locator('summary').focus();
    await page.keyboard.press('Enter');
    assert.match(await worker.locator('pre').innerText(), /"topic"|"queue_offset":\d+/);
    await page.keyboard.press('Enter');
    const now = await (await fetch(new URL('api/state', url))).json();
    assert.deepEqual(differences(now, state), []);
    assert.deepEqual(differences(await (await fetch(new URL('api/history', url))).json(), history), []);
    await page.evaluate(() => scrollTo(0, 0));
    await picture(page, 'live-light', { fullPage: true });
    const dark = await opened(url, { scheme: 'dark' });
    await picture(dark.page, 'live-dark', { fullPage: true });
    const narrow = await opened(url, { width: 380, height: 800 });
    assert.ok(await narrow.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no scrolling sideways');
    await picture(narrow.page, 'live-narrow', { fullPage: true });
    await until(page, 'backlog', (n) => n === 0);
    await until(page, 'replicas', (n) => n === 0);
    const end = await (await fetch(new URL('api/state', url))).json();
    assert.equal(end.totals.consumed, 2000);
    assert.match(await page.getByTestId('status').innerText(), /the burst of 2,000 is consumed, replicas are back at 0/);
    await picture(page, 'live-end', { fullPage: true });
    assert.deepEqual(errors, []);
    assert.deepEqual(requests.filter((r) => !r.startsWith(url) && !r.startsWith('data:')), []);
  });

  check('GivenNoNameServer_WhenOpened_ThenNumbersAreUnknownAndThePageSaysWhyAndWhatToDo', async () => {
    const url = await up(quick, '--namesrv', '127.0.0.1:1');
    const { page } = await opened(url);
    await page.waitForFunction(() => document.querySelector('[data-testid=status]').dataset.level === 'error');
    assert.match(await page.getByTestId('status').innerText(), /cannot reach name server 127\.0\.0\.1:1[\s\S]*start one with: gantry broker/);
    for (const id of ['backlog', 'age', 'throughput']) assert.match(await figure(page, id), /unknown/);
    assert.match(await page.getByTestId('scaled-object').innerText(), /activity unknown/);
    await picture(page, 'live-unreachable', { fullPage: true });
  });

  check('GivenWorkersThatDieAtOnce_WhenOpened_ThenTheyAreSeenFirstWithTheirLastWords', async () => {
    const command = quick.indexOf('          command:');
    const dying = `${quick.slice(0, command)}          command: ["/bin/sh", "-c", "echo cannot open ledger.db >&2; exit 3"]\n${quick.slice(quick.indexOf('          env:'))}`;
    const { page } = await opened(await up(dying));
    await page.waitForFunction(() => /backoff/.test(document.querySelector('[data-testid=worker]')?.innerText ?? ''));
    assert.match(await page.getByTestId('status').innerText(), /keeps? failing: \/bin\/sh exited with code 3[\s\S]*cannot open ledger\.db/);
    assert.match(await page.getByTestId('worker').first().innerText(), /cannot open ledger\.db/);
    await picture(page, 'live-dying', { fullPage: true });
  });
});
