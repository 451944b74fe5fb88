// The newest elections of all sets, or of those that the search chooses.
import { ago } from '../../format';
import type { ElectionOfSet } from '../api';

export function Elections({ elections, now_ms, searched, onOpen }: { elections: ElectionOfSet[]; now_ms: number; searched: boolean; onOpen: (name: string) => void }) {
  return (
    <section class="elections" aria-labelledby="elections-title" data-testid="elections">
      <h2 id="elections-title">Newest elections{searched ? ' of what matches' : ''}</h2>
      {elections.length === 0 ? <p class="muted">None.</p> : (
        <ol class="history card">
          {elections.map((e) => (
            <li key={`${e.set} ${e.epoch}`}>
              <span class="muted when">{e.at_ms > 0 ? ago(e.at_ms, now_ms) : ''}</span>
              <button type="button" class="link" onClick={() => onOpen(e.set)}>{e.set}</button>
              <span class={e.unclean || e.new_master === null ? 'wrong-text' : ''}>{e.line}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
