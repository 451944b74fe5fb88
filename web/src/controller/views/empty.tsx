// No broker has come yet: what to do next.
import type { Controller } from '../api';

export function Empty({ controller: c }: { controller: Controller }) {
  const addresses = c.members.length > 0 ? c.members.map((m) => m.address).join(';') : c.address;
  return (
    <section class="empty start" data-testid="empty" aria-labelledby="start-title">
      <h2 id="start-title">No broker has come yet</h2>
      <p>A replica set appears here as soon as its first broker has registered.</p>
      <ol>
        <li>
          Tell each broker of the controllers, in its <code>broker.conf</code>:
          <pre tabIndex={0}>{`enableControllerMode=true\ncontrollerAddr=${addresses}\nallAckInSyncStateSet=true\nminInSyncReplicas=2`}</pre>
        </li>
        <li>See who leads: <code>gantry controller status --endpoints '{addresses}'</code></li>
        <li>Still empty? Brokers must reach every controller at these very addresses, and their <code>broker.log</code> says what they were answered.</li>
      </ol>
    </section>
  );
}
