// The controllers of the group, as this one knows them.
import type { Controller } from '../api';
import { roleOf } from '../words';

export function Members({ controller: c }: { controller: Controller }) {
  return (
    <ul class="members" aria-label="Controllers" data-testid="members">
      {c.members.map((member) => {
        const role = roleOf(c, member);
        return (
          <li key={member.id} class={role === 'leader' ? 'leads' : ''} title={member.voter ? '' : 'Receives the log and answers reads, but has no vote'}>
            <strong>{member.name}</strong>
            <span class={`badge ${role === 'leader' ? 'tone-busy' : ''}`}>{role}</span>
            {member.alive === false && (
              <span class="badge tone-error" title="Its leader has not heard of it for a second or longer. Is it running? gantry controller members">silent</span>
            )}
            <span class="muted">{member.address}{member.name === c.name ? ', this one' : ''}</span>
          </li>
        );
      })}
    </ul>
  );
}
