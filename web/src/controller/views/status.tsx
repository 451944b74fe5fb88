// The verdict over all sets, and what this controller says of itself.
import { count, plural } from '../../format';
import { Icon } from '../../views/status';
import type { Controller } from '../api';
import { verdictOf } from '../words';

export function Status({ controller: c, live }: { controller: Controller; live: boolean }) {
  const verdict = verdictOf(c);
  return (
    <div class={`status level-${verdict.level}`} data-testid="status" data-level={verdict.level}>
      <Icon level={verdict.level} />
      <div class="status-text">
        <h1 aria-live="polite">{live ? verdict.title : `${verdict.title}, when last heard of`}</h1>
        <p class="phase" data-testid="why">
          {c.ready ? `This controller ${c.why}; ${plural(c.brokers_alive, 'broker')} alive.` : `This controller is not ready: ${c.why}.`}
          {c.role !== null && c.applied_index !== null && c.leader === null && c.sets.total > 0 && ` What is shown is what it had applied: ${count(c.applied_index)} entries of its log.`}
        </p>
      </div>
    </div>
  );
}
