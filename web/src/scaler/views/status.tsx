// The verdict over all triggers, with the reasons for which some fail.
import { count } from '../../format';
import { Icon } from '../../views/status';
import type { List, Problem } from '../api';
import { problemText, verdictOf } from '../words';

export function Status({ list, live, onOpen }: { list: List; live: boolean; onOpen: (problem: Problem) => void }) {
  const verdict = verdictOf(list);
  return (
    <div class={`status level-${verdict.level}`} data-testid="status" data-level={verdict.level}>
      <Icon level={verdict.level} />
      <div class="status-text">
        <h1 aria-live="polite">{live ? verdict.title : `${verdict.title}, when last heard of`}</h1>
        {list.problems.length > 0 && (
          <ul class="problems">
            {list.problems.map((p) => (
              <li key={p.error}>
                <button type="button" class="link" onClick={() => onOpen(p)}>{problemText(p)}</button>
              </li>
            ))}
            {list.problems_left_out > 0 && <li>and {count(list.problems_left_out)} more reasons</li>}
          </ul>
        )}
        {list.replicas_unknown && list.triggers.length > 0 && (
          <p class="phase" data-testid="replicas-unknown">Current replicas are unknown: {list.replicas_unknown}</p>
        )}
      </div>
    </div>
  );
}
