// The opened set: its members, its elections with their reasons, who was weighed in the newest one.
import { ago } from '../../format';
import type { Controller, ReplicaSet } from '../api';
import type { View } from '../feed';
import { ids, nextSteps, replicaText } from '../words';

export function Details({ set, view, controller, now_ms }: { set: ReplicaSet; view: View; controller: Controller; now_ms: number }) {
  const steps = nextSteps(set, controller);
  const known = view.set?.set === set.set ? view.set : null;
  return (
    <div class="details" data-testid="details">
      {steps.length > 0 && (
        <>
          <h3>What to do</h3>
          <ol class="next-steps" data-testid="next-steps">{steps.map((step) => <li key={step}>{step}</li>)}</ol>
        </>
      )}
      <h3>Members</h3>
      <p class="muted">In sync: {ids(set.in_sync)} (epoch {set.sync_state_set_epoch}). A master is elected among these.</p>
      <ul class="replicas">
        {set.replicas.map((r) => (
          <li key={r.id}>
            <strong>{r.id}</strong> <span>{r.address}</span>{' '}
            {r.id === set.master_id && <span class="badge tone-busy">master</span>}{' '}
            <span class={`badge ${r.alive ? '' : 'tone-error'}`}>{r.alive ? 'alive' : 'silent'}</span>{' '}
            <span class={`badge ${r.in_sync ? '' : 'tone-warn'}`}>{r.in_sync ? 'in sync' : 'not in sync'}</span>{' '}
            <span class="muted">{replicaText(r)}</span>
          </li>
        ))}
      </ul>
      {known ? (
        <>
          <h3>Elections</h3>
          {known.elections.length === 0 && <p class="note-line">None yet: the first of its brokers that asks becomes master.</p>}
          <ol class="history">
            {known.elections.map((e, i) => (
              <li key={e.epoch}>
                <span class="muted when">{e.at_ms > 0 ? ago(e.at_ms, now_ms) : ''}</span>
                <span class={e.unclean || e.new_master === null ? 'wrong-text' : ''}>{e.line}</span>
                {i === 0 && known.candidates.length > 0 && <ul class="candidates muted">{known.candidates.map((c) => <li key={c.id}>{c.line}</li>)}</ul>}
              </li>
            ))}
          </ol>
        </>
      ) : <p class="note-line">{view.set_error || 'The elections are on their way …'}</p>}
    </div>
  );
}
