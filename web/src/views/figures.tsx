// The four figures that answer "how much waits, how long, who works on it, how fast".
import type { ComponentChildren } from 'preact';
import type { State } from '../api';
import { count, duration, IN_FLIGHT, isKnown, rate } from '../format';
import { whyUnknown } from '../health';
import { Value } from './value';

export function Figures({ state }: { state: State }) {
  const { totals } = state;
  const why = whyUnknown(state);
  // jobs end by themselves: what a decision asks for is told beside those of replicas only
  const desired = state.scaled_jobs.length > 0 ? [] : state.scaled_objects.map((o) => o.desired);
  const wanted = desired.length === 0 ? null : desired.every(isKnown) ? desired.reduce((a, b) => a + (b ?? 0), 0) : null;
  const scaled = [...state.scaled_objects, ...state.scaled_jobs];
  const max = scaled.reduce((sum, o) => sum + o.max, 0);
  const whyNoRate = isKnown(totals.consumed) ? 'a rate needs two readings' : why;
  const blocked = !isKnown(totals.lag);
  return (
    <div class="figures" id="figures">
      <Figure name="Backlog" id="backlog" help="Messages stored and not yet consumed, over all groups: those ready plus those in flight.">
        <p class="big"><Value value={totals.lag} show={count} unit={totals.lag === 1 ? 'message' : 'messages'} reason={why} /></p>
        <p class="sub">
          {blocked ? why : (
            <>
              <span title="Not yet handed to any consumer"><Value value={totals.ready} show={count} reason={why} /> ready</span>
              <span title={IN_FLIGHT}><Value value={totals.in_flight} show={count} reason={why} /> in flight</span>
            </>
          )}
        </p>
      </Figure>
      <Figure name="Oldest message" id="age" help="Age of the oldest message that nobody has consumed yet: how late the last customer is.">
        <p class="big">
          {totals.lag === 0 ? <span class="value quiet">none</span> : <Value value={totals.oldest_age_ms} show={duration} reason={why} />}
        </p>
        <p class="sub">{totals.lag === 0 ? 'nothing waits' : isKnown(totals.oldest_age_ms) ? 'waiting to be consumed' : why}</p>
      </Figure>
      <Figure name="Replicas" id="replicas" help="Worker processes running now, and how many the last decision asked for.">
        <p class="big">
          <span class="value">{count(totals.replicas)}</span>
          {isKnown(wanted) && wanted !== totals.replicas && (
            <span class="toward"> → {count(wanted)}<span class="sr-only"> wanted</span></span>
          )}
        </p>
        <p class="sub">
          {scaled.length === 0 && 'no scaled object'}
          {state.scaled_objects.length > 0 && !blocked && isKnown(wanted) && (
            <span title="What the last decision asked for">{wanted === totals.replicas ? `${count(wanted)} wanted` : wanted > totals.replicas ? 'starting' : 'stopping'}</span>
          )}
          {scaled.length > 0 && <span>at most {count(max)}</span>}
          {blocked && scaled.length > 0 && <span>held: backlog unknown</span>}
        </p>
      </Figure>
      <Figure name="Consumed" id="throughput" help="Messages consumed per second over the last seconds, beside those that came in.">
        <p class="big"><Value value={totals.consume_rate} show={rate} unit="/s" reason={whyNoRate} /></p>
        <p class="sub">
          {!isKnown(totals.consume_rate) && <span>{whyNoRate}</span>}
          {isKnown(totals.incoming_rate) && <span title="Messages stored per second in the topics, whoever sent them"><Value value={totals.incoming_rate} show={rate} unit="/s" /> incoming</span>}
          {isKnown(totals.consumed) && totals.consumed > 0 && <span title="Messages consumed since this gantry up was started">{count(totals.consumed)} since the start</span>}
        </p>
      </Figure>
    </div>
  );
}

function Figure({ name, id, help, children }: { name: string; id: string; help: string; children: ComponentChildren }) {
  return (
    <section class={`figure figure-${id}`} aria-labelledby={`figure-${id}`} data-testid={`figure-${id}`} title={help}>
      <h2 id={`figure-${id}`}>{name}</h2>
      {children}
    </section>
  );
}
