// What to do next: commands that work as they stand, with the addresses in use.
import { useState } from 'preact/hooks';
import type { State } from '../api';
import { commandsFor } from '../next';
import { Section } from './section';

export function Commands({ state }: { state: State }) {
  return (
    <Section id="commands" title="Try it" hint="From another terminal on this machine.">
      <ul class="commands">
        {commandsFor(state).map((c) => (
          <li key={c.what}>
            <p>{c.what}</p>
            <Command text={c.command} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Command({ text }: { text: string }) {
  const [said, say] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied');
    } catch {
      say('Select it and copy by hand'); // plain http from another host: the browser forbids it
    }
    setTimeout(() => say(''), 2500);
  };
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <button type="button" onClick={copy} aria-label={`Copy the command ${text}`}>{said || 'Copy'}</button>
      <span class="sr-only" aria-live="polite">{said}</span>
    </div>
  );
}
