// The page in a real browser. Against the mock, whose seconds are known; those tests that hold for any server run
// against GANTRY_URL as well when it is set.
//
//   GANTRY_URL=http://127.0.0.1:8080/   the page of a running `gantry up`
//   GANTRY_SCREENSHOTS=DIR              where to leave pictures of what was tested
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, mock, open, skip } from './browser.mjs';

const BURST = { scenario: 'burst', from: 22, speed: 0 }; // 22 s into the minute, and there it stays
const pictures = process.env.GANTRY_SCREENSHOTS;

async function picture(page, name, options = {}) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), ...options });
}

// Skipped one by one, so that the summary counts them.
const check = (name, run) => test(name, { skip }, run);

describe('the page', () => {
  let browser;
  const cleanup = [];
  const served = async (options) => {
    const server = await mock(options);
    cleanup.push(() => server.close());
    return server;
  };
  const opened = async (url, options) => {
    const shown = await open(browser, url, options);
    cleanup.push(() => shown.close());
    return shown;
  };

  before(async () => {
    if (!skip) browser = await launch();
  });
  after(async () => {
    for (const undo of cleanup.reverse()) await undo();
    await browser?.close();
  });

  check('GivenABurst_WhenOpened_ThenBacklogAgeReplicasAndThroughputShow', async () => {
    const { url, simulation } = await served(BURST);
    const { page, errors } = await opened(url);
    const state = simulation.state();
    const number = (v) => v.toLocaleString('en-US');
    assert.match(await page.getByTestId('figure-backlog').innerText(), new RegExp(`${number(state.totals.lag)}\\s*messages`));
    assert.match(await page.getByTestId('figure-replicas').innerText(), new RegExp(`\\b${state.totals.replicas}\\b`));
    assert.match(await page.getByTestId('figure-age').innerText(), /\d s/);
    assert.match(await page.getByTestId('figure-throughput').innerText(), /\d+\s*\/s/);
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'busy');
    assert.equal(await page.getByTestId('worker').count(), state.workers.length);
    assert.equal(await page.locator('.plot canvas').count(), 4);
    assert.equal(await page.title(), `${number(state.totals.lag)} waiting · ${state.totals.replicas} replicas · Gantry`);
    const lines = await page.getByTestId('explanation').locator('li').allInnerTexts();
    assert.equal(lines.length, state.scaled_objects[0].explanation.length);
    assert.deepEqual(errors, []);
    await picture(page, 'light');
    await picture(page, 'light-full', { fullPage: true });
  });

  check('GivenARunUnderWay_WhenFirstPainted_ThenTheChartsBeginWithTheirPast', async () => {
    const { url } = await served({ ...BURST, late_history_ms: 400 });
    const { page } = await opened(url);
    // at the very moment at which there is something to see
    const said = await page.evaluate(() => [...document.querySelectorAll('.plot')].map((e) => e.getAttribute('aria-label')));
    assert.equal(said.length, 4);
    for (const text of said) assert.match(text, /over (19|2\d) seconds/);
    for (const text of await page.locator('.legend dd').allInnerTexts()) assert.notEqual(text, 'unknown');
    const ink = await page.evaluate(() => [...document.querySelectorAll('.plot canvas')].map((c) => {
      const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
      let coloured = 0; // lines have a hue, grids and labels have none
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 60 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) ++coloured;
      return coloured;
    }));
    for (const pixels of ink) assert.ok(pixels > 100, `lines are drawn: ${ink}`);
  });

  check('GivenAgesOfMinutes_WhenDrawn_ThenTheLabelsOfTheAxisFit', async () => {
    const { url } = await served({ ...BURST, scenario: 'late' });
    const { page } = await opened(url);
    const { label, room } = await page.evaluate(() => {
      const plot = [...document.querySelectorAll('.plot')].at(-1);
      const ctx = document.createElement('canvas').getContext('2d');
      ctx.font = '11px system-ui, sans-serif';
      return { label: ctx.measureText('1 min 40 s').width, room: plot.querySelector('.u-over').offsetLeft };
    });
    assert.ok(room >= label + 6, `${room} px for a label of ${label} px`);
    await picture(page, 'late', { fullPage: true });
  });

  check('GivenALagThatCountsAsLess_WhenOpened_ThenTheReadingIsTheLagAndTheReasonStandsBelow', async () => {
    const { url } = await served({ ...BURST, scenario: 'late' });
    const { page } = await opened(url);
    const text = await page.getByTestId('scaled-object').innerText();
    assert.match(text, /43,533/);
    assert.match(text, /Counted as 400: 8 queues x 50 \(more consumers/);
    assert.match(await page.getByTestId('status').innerText(), /none is a consumer of group/);
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'error');
  });

  check('GivenTheBurstGoesOn_WhenWatched_ThenTheFiguresMove', async () => {
    const { url } = await served({ ...BURST, from: 10, speed: 4, every_ms: 200 });
    const { page } = await opened(url);
    const backlog = page.getByTestId('figure-backlog').locator('.big');
    const first = await backlog.innerText();
    await page.waitForFunction(([before]) => document.querySelector('[data-testid=figure-backlog] .big').innerText !== before, [first], { timeout: 10_000 });
  });

  check('GivenABrokerThatDoesNotAnswer_WhenOpened_ThenUnknownIsSaidWithItsReasonAndNeverZero', async () => {
    const { url } = await served({ ...BURST, scenario: 'unknown' });
    const { page } = await opened(url);
    for (const id of ['figure-backlog', 'figure-age']) {
      const text = await page.getByTestId(id).innerText();
      assert.match(text, /unknown/);
      assert.match(text, /broker-b .*no answer/);
      assert.doesNotMatch(text, /(^|\s)0(\s|$)/);
    }
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'unknown');
    assert.match(await page.getByTestId('group').innerText(), /4 unknown/);
    assert.match(await page.getByTestId('scaled-object').innerText(), /activity unknown/);
    await picture(page, 'unknown');
  });

  check('GivenAWorkerThatKeepsDying_WhenOpened_ThenItComesFirstAndItsOutputCanBeRead', async () => {
    const { url } = await served({ scenario: 'crash', from: 27, speed: 0 });
    const { page } = await opened(url);
    assert.equal(await page.getByTestId('status').getAttribute('data-level'), 'error');
    const first = page.getByTestId('worker').first();
    assert.match(await first.innerText(), /backoff/);
    await first.locator('summary').click();
    assert.match(await first.locator('pre').innerText(), /Permission denied/);
  });

  check('GivenNothingConfigured_WhenOpened_ThenThePageSaysWhatToDoNext', async () => {
    const { url } = await served({ scenario: 'empty', from: 5, speed: 0 });
    const { page } = await opened(url);
    const text = await page.locator('main').innerText();
    assert.match(text, /gantry up -f FILE\.yaml/);
    assert.match(text, /gantry send --namesrv 127\.0\.0\.1:9876/);
  });

  check('GivenTheServerGoesAway_WhenItComesBack_ThenThePageSaysStaleAndRecoversByItself', async () => {
    const server = await served({ ...BURST, every_ms: 200 });
    const { page } = await opened(server.url);
    await server.close();
    await page.getByTestId('connection').waitFor();
    assert.match(await page.getByTestId('connection').innerText(), /does not answer[\s\S]*stale[\s\S]*(next try|trying)/);
    assert.equal(await page.getByTestId('live').innerText(), 'Stale');
    assert.ok(await page.locator('main.stale').count());
    assert.match(await page.title(), /^\(stale\)/);
    assert.match(await page.getByTestId('figure-backlog').innerText(), /\d/); // the last figures stay readable
    await picture(page, 'stale');
    const again = await mock({ ...BURST, port: server.port });
    cleanup.push(() => again.close());
    await page.getByTestId('connection').waitFor({ state: 'detached', timeout: 20_000 });
    assert.equal(await page.getByTestId('live').innerText(), 'Live');
    assert.equal(await page.locator('main.stale').count(), 0);
  });

  check('GivenARestartedServer_WhenItsClockBeginsAnew_ThenOldSamplesAreForgotten', async () => {
    const server = await served({ ...BURST, from: 60, every_ms: 200 });
    const { page } = await opened(server.url);
    await server.close();
    await page.getByTestId('connection').waitFor();
    const again = await mock({ scenario: 'burst', from: 5, speed: 0, port: server.port });
    cleanup.push(() => again.close());
    await page.getByTestId('connection').waitFor({ state: 'detached', timeout: 20_000 });
    await page.waitForFunction(() => /over 5 seconds/.test(document.querySelector('.plot').getAttribute('aria-label')));
  });

  check('GivenOnlyAKeyboard_WhenTabbing_ThenEveryControlIsReachedAndWorks', async () => {
    const { url } = await served(BURST);
    const { page } = await opened(url);
    const reached = [];
    for (let i = 0; i < 80; ++i) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const e = document.activeElement;
        if (!e || e === document.body) return 'body';
        const style = getComputedStyle(e.matches('input[type=radio]') ? e.nextElementSibling : e);
        return `${e.tagName} ${e.getAttribute('aria-label') ?? e.textContent.slice(0, 40)} | outline ${style.outlineStyle}`;
      });
      if (at === 'body') break;
      reached.push(at);
    }
    const wanted = [/^A Skip/, /^A Gantry/, /^BUTTON Switch to the dark/, /^A Trends/, /^INPUT/, /^DIV Backlog/, /^SUMMARY orders-worker/, /^SUMMARY 8 queues/, /^BUTTON Copy/];
    for (const pattern of wanted) assert.ok(reached.some((r) => pattern.test(r)), `${pattern} not reached: ${reached.join('\n')}`);
    assert.deepEqual(reached.filter((r) => r.endsWith('outline none')), [], 'focus must be visible everywhere');

    const summary = page.locator('.worker summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('.worker').first().evaluate((d) => d.open));

    await page.locator('.plot').first().focus();
    const before = await page.locator('.legend').first().innerText();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    assert.match(await page.locator('.chart [aria-live]').first().textContent(), /^at 0:01: backlog 0, in flight 0$/);
    assert.notEqual(await page.locator('.legend').first().innerText(), before);
  });

  check('GivenAnOpenedRow_WhenNewFiguresCome_ThenItStaysOpenAndKeepsFocus', async () => {
    const { url } = await served({ ...BURST, speed: 1, every_ms: 100 });
    const { page } = await opened(url);
    const summary = page.locator('.worker summary').first();
    await summary.focus();
    await page.keyboard.press('Enter');
    let updates = 0;
    await page.exposeFunction('counted', () => { updates += 1; });
    await page.evaluate(() => new MutationObserver(() => window.counted()).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true }));
    await page.waitForFunction(() => document.activeElement.tagName === 'SUMMARY');
    while (updates < 5) await page.waitForTimeout(50);
    assert.ok(await page.locator('.worker').first().evaluate((d) => d.open));
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY');
  });

  for (const scenario of ['burst', 'unknown', 'crash', 'empty', 'crowd', 'late']) {
    check(`GivenAScreenOf360Pixels_WhenShowing_${scenario}_ThenNothingScrollsSideways`, async () => {
      const { url } = await served({ ...BURST, scenario });
      const { page } = await opened(url, { width: 360, height: 780 });
      const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.equal(widths[0], widths[1]);
      const cut = await page.evaluate(() => [...document.querySelectorAll('.figure, .card, .status, .chart, .worker')]
        .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.className));
      assert.deepEqual(cut, []);
      await picture(page, `narrow-${scenario}`, { fullPage: true });
    });
  }

  for (const width of [561, 768, 901, 1280, 1920]) {
    check(`GivenLongNamesAndManyWorkers_When${width}PixelsWide_ThenNothingScrollsSideways`, async () => {
      const { url } = await served({ ...BURST, scenario: 'crowd' });
      const { page } = await opened(url, { width });
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      const tall = await page.evaluate(() => Math.max(...[...document.querySelectorAll('.worker')].map((e) => e.clientHeight)));
      assert.ok(tall < 160, `a closed worker is ${tall} pixels tall`);
    });
  }

  check('GivenASystemInDark_WhenOpened_ThenDark_AndTheButtonTurnsItLightForGood', async () => {
    const { url } = await served(BURST);
    const { page } = await opened(url, { scheme: 'dark' });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    assert.ok((await ground())[0] < 60);
    await picture(page, 'dark');
    await picture(page, 'dark-full', { fullPage: true });
    await page.getByRole('button', { name: 'Switch to the light theme' }).click();
    assert.ok((await ground())[0] > 200);
    await page.reload();
    await page.getByTestId('status').waitFor();
    assert.ok((await ground())[0] > 200);
  });

  for (const scheme of ['light', 'dark']) {
    check(`GivenThe_${scheme}_Theme_WhenTextIsMeasured_ThenItsContrastIsAtLeast4_5`, async () => {
      for (const scenario of ['burst', 'unknown', 'crash']) {
        const { url } = await served({ ...BURST, scenario, from: 27 });
        const { page } = await opened(url, { scheme });
        assert.deepEqual(await page.evaluate(lowContrast), []);
      }
    });
  }

  check('GivenNamesForEverything_WhenRolesAreRead_ThenLandmarksAndControlsHaveNames', async () => {
    const { url } = await served(BURST);
    const { page } = await opened(url);
    for (const name of ['Trends', 'Scaling', 'Workers', 'Topics and groups', 'Try it', 'Backlog', 'Replicas']) {
      assert.equal(await page.getByRole('region', { name, exact: true }).count(), 1, name);
    }
    assert.equal(await page.getByRole('main').count(), 1);
    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    const nameless = await page.evaluate(() => [...document.querySelectorAll('button, a, input')]
      .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || e.closest('label')?.textContent.trim())).length);
    assert.equal(nameless, 0);
  });

  check('GivenNoInternet_WhenUsed_ThenEveryRequestStaysOnThisMachine', async () => {
    const { url } = await served(BURST);
    const { page, requests } = await opened(url);
    await page.getByRole('radio', { name: 'All' }).check({ force: true });
    assert.ok(requests.length >= 4);
    assert.deepEqual(requests.filter((r) => !r.startsWith(url) && !r.startsWith('data:')), []);
  });

  test('GivenARunningGantry_WhenItsPageIsOpened_ThenItIsLiveWithoutErrors', { skip: skip ?? (process.env.GANTRY_URL ? false : 'GANTRY_URL is not set') }, async () => {
    const url = process.env.GANTRY_URL;
    const { page, requests, errors } = await opened(url);
    assert.equal(await page.getByTestId('live').innerText(), 'Live');
    assert.match(await page.getByTestId('figure-backlog').innerText(), /\d|unknown/);
    assert.equal(await page.locator('.plot canvas').count(), 4);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests.filter((r) => !r.startsWith(url) && !r.startsWith('data:')), []);
    await picture(page, 'gantry');
    await picture(page, 'gantry-full', { fullPage: true });
  });
});

/** Runs in the page: every visible text whose colour is too close to its ground (WCAG 2.1, 1.4.3). */
function lowContrast() {
  const parse = (c) => {
    const [r, g, b, a = 1] = c.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const f = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const groundOf = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.a === 1) return c;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const bad = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || e.closest('.sr-only, noscript, script, .skip') || !e.getClientRects().length) continue;
    const a = luminance(parse(getComputedStyle(e).color));
    const b = luminance(groundOf(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${walker.currentNode.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return [...bad];
}
