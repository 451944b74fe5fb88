// Topics and consumer groups, down to the single queue.
import type { ComponentChildren } from 'preact';
import type { Group, Queue, State, Topic } from '../api';
import { count, duration, IN_FLIGHT, isKnown, plural, rate } from '../format';
import { peak } from '../history';
import { Section } from './section';
import { Value } from './value';

export function Groups({ state }: { state: State }) {
  return (
    <Section id="groups" title="Topics and groups" hint="Where the backlog sits. A group reads a topic; a topic is spread over queues.">
      <h3 class="sub-title">Consumer groups</h3>
      {state.groups.length === 0
        ? <p class="empty">No consumer group is watched yet. It appears as soon as a trigger names it.</p>
        : state.groups.map((g) => <GroupCard key={`${g.topic} ${g.group}`} group={g} />)}
      <h3 class="sub-title">Topics</h3>
      {state.topics.length === 0
        ? <p class="empty">No topic is watched yet.</p>
        : <Topics topics={state.topics} reason={state.groups.flatMap((g) => [...g.unknown, ...g.notes])[0]} />}
    </Section>
  );
}

function GroupCard({ group: g }: { group: Group }) {
  const reason = g.unknown[0] ?? g.notes[0];
  const facts: [string, string, ComponentChildren][] = [
    ['Backlog', 'Messages stored and not yet consumed', <Value value={g.lag} show={count} reason={reason} />],
    ['Ready', 'Not yet handed to a consumer', <Value value={g.ready} show={count} reason={reason} />],
    ['In flight', IN_FLIGHT, <Value value={g.in_flight} show={count} reason={reason} />],
    ['Oldest', 'Age of the oldest message not yet consumed', g.lag === 0 ? <span class="quiet">none</span> : <Value value={g.oldest_age_ms} show={duration} reason={reason} />],
    ['Retry', 'Messages waiting to be tried again', <Value value={g.retry} show={count} reason={reason} />],
    ['Dead letters', 'Messages given up after the last retry', <Value value={g.dlq} show={count} reason={reason} />],
    ['Consumers', 'Clients connected in this group', <Value value={g.consumers} show={count} reason={reason} />],
  ];
  return (
    <article class="card" data-testid="group" aria-label={`Group ${g.group} on topic ${g.topic}`}>
      <header class="card-head"><h3>{g.group} <small>reads {g.topic}</small></h3></header>
      <dl class="facts">
        {facts.map(([name, help, value]) => (
          <div key={name} title={help}><dt>{name}</dt><dd class={name === 'Dead letters' && isKnown(g.dlq) && g.dlq > 0 ? 'alarming' : ''}>{value}</dd></div>
        ))}
      </dl>
      {g.problem && <p class="error-line">{g.problem}</p>}
      {g.notes.map((text) => <p key={text} class="note-line">Note: {text}</p>)}
      {g.unknown.map((text) => <p key={text} class="reason-line"><strong>{isKnown(g.lag) ? 'Unknown in part:' : 'Unknown:'}</strong> {text}</p>)}
      {g.queues.length > 0 && <Queues queues={g.queues} reason={reason} />}
    </article>
  );
}

function Queues({ queues, reason }: { queues: Queue[]; reason: string | undefined }) {
  const largest = peak(queues.map((q) => q.lag)) ?? 0;
  const unknown = queues.filter((q) => !isKnown(q.lag)).length;
  return (
    <details class="queues" open={queues.length <= 16}>
      <summary>{plural(queues.length, 'queue')}{unknown > 0 && `, ${count(unknown)} unknown`}</summary>
      <div class="table-wrap">
        <table>
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="n" title="Where the group will read next">Consumed to</th>
              <th scope="col" class="n" title="Where the next message will be stored">Stored to</th>
              <th scope="col" class="n">Backlog</th>
              <th scope="col" class="bar-cell"><span class="sr-only">Share of the longest</span></th>
            </tr>
          </thead>
          <tbody>
            {queues.map((q) => (
              <tr key={`${q.broker} ${q.queue_id}`}>
                <th scope="row">{q.broker} <span class="muted">#{q.queue_id}</span></th>
                <td class="n"><Value value={q.consumer_offset} show={count} reason={reason ?? 'the group never committed here'} /></td>
                <td class="n"><Value value={q.broker_offset} show={count} reason={reason} /></td>
                <td class="n"><Value value={q.lag} show={count} reason={reason} /></td>
                <td class="bar-cell" aria-hidden="true">
                  {isKnown(q.lag) && q.lag > 0 && <span class="bar" style={{ width: `${Math.max(2, (100 * q.lag) / Math.max(1, largest))}%` }} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Topics({ topics, reason }: { topics: Topic[]; reason: string | undefined }) {
  return (
    <div class="card table-wrap">
      <table>
        <thead>
          <tr><th scope="col">Topic</th><th scope="col" class="n">Queues</th><th scope="col" class="n" title="Messages stored now, consumed or not">Stored</th><th scope="col" class="n" title="Messages stored per second">Incoming</th></tr>
        </thead>
        <tbody>
          {topics.map((t) => (
            <tr key={t.topic}>
              <th scope="row">{t.topic}</th>
              <td class="n"><Value value={t.queues} show={count} reason={reason} /></td>
              <td class="n"><Value value={t.messages} show={count} reason={reason} /></td>
              <td class="n"><Value value={t.rate} show={rate} unit="/s" reason={reason ?? 'needs two readings'} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
