// Dark and light: the system decides until someone presses the button; the choice is kept in this browser.

export type Theme = 'light' | 'dark';
const KEY = 'gantry-theme';
const media = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function stored(): Theme | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : null;
  } catch {
    return null; // storage may be forbidden; the system's choice is fine
  }
}

let chosen: Theme | null = stored();

export function theme(): Theme {
  return chosen ?? (media.matches ? 'dark' : 'light');
}

function apply(): void {
  document.documentElement.dataset.theme = theme();
  for (const listener of listeners) listener();
}

export function toggleTheme(): void {
  const next: Theme = theme() === 'dark' ? 'light' : 'dark';
  // Back at the system's own choice there is nothing to remember.
  chosen = next === (media.matches ? 'dark' : 'light') ? null : next;
  try {
    if (chosen) localStorage.setItem(KEY, chosen);
    else localStorage.removeItem(KEY);
  } catch {
    // kept for this page only
  }
  apply();
}

export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

media.addEventListener('change', apply);
apply();
