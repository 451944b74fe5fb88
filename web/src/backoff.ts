// How long to wait before asking a server that went away once more. Pure.

export const FIRST_WAIT_MS = 500;
export const LONGEST_WAIT_MS = 15_000;

/** attempt counts from 0; random is in [0, 1) and spreads many open pages by up to a fifth. */
export function wait_ms(attempt: number, random: number): number {
  const base = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 20));
  return Math.round(base * (1 - 0.2 * random));
}
