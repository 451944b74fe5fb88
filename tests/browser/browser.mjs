// What the browser tests share: a headless Chromium, the page under test (GANTRY_URL, or the mock), and a log of every
// request that the page makes.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMock } from '../../web/dev/mock.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const modules = resolve(process.env.GANTRY_NODE_MODULES ?? join(here, '../../web/node_modules'));
const CHROMIUM = process.env.GANTRY_CHROMIUM ?? '/usr/bin/chromium';

/** Why browser tests cannot run here; undefined when they can. node --test counts and prints it for every test. */
export const skip = !existsSync(CHROMIUM)
  ? `no ${CHROMIUM}: install the Debian package chromium, or set GANTRY_CHROMIUM`
  : !existsSync(join(modules, 'playwright-core'))
    ? `no playwright-core in ${modules}: run npm ci in web/`
    : undefined;

export async function launch() {
  const { chromium } = createRequire(join(modules, 'anchor.js'))('playwright-core');
  return chromium.launch({
    executablePath: CHROMIUM,
    // Without the last four Chromium asks its maker's hosts for things at every start.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

const PORTS = { from: 19100, to: 19199 };
let nextPort = PORTS.from + (process.pid % 50);

/** The mock on a free port of our range. */
export async function mock(options = {}) {
  for (;;) {
    try {
      return await startMock({ port: nextPort++, ...options });
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || nextPort > PORTS.to) throw error;
    }
  }
}

/** A page at url that has drawn its first State. `requests` and `errors` fill as it lives. */
export async function open(browser, url, { width = 1280, height = 860, scheme = 'light' } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.getByTestId('status').waitFor();
  return { page, requests, errors, close: () => context.close() };
}
