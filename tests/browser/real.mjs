// What the tests of pages of a real gantry share.
//
//   GANTRY_BINARY=FILE       the gantry to start; without it these tests are skipped
//   GANTRY_SCREENSHOTS=DIR   where to leave pictures of what was tested
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { skip } from './browser.mjs';

export const binary = process.env.GANTRY_BINARY;
/** Why they are skipped; false when they are not. */
export const without = skip ?? (binary && existsSync(binary) ? false : 'GANTRY_BINARY is not set, or not built');

const pictures = process.env.GANTRY_SCREENSHOTS;

export async function picture(page, name, options = {}) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), ...options });
}

export const get = async (url, path) => (await fetch(new URL(path, url))).json();

/** until(what, passes): waits, by questions from here, because the page's own policy forbids eval. */
export const waiter = (timeout_ms) => async (what, passes) => {
  const deadline = Date.now() + timeout_ms;
  while (!(await passes())) {
    assert.ok(Date.now() < deadline, `waited for: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
};
