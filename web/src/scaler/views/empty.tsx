// Nobody has asked yet: what to do next.
const TRIGGER = `triggers:
  - type: external-push
    metadata:
      scalerAddress: gantry-scaler.gantry-system:6000
      nameServers: rocketmq-namesrv.rocketmq:9876
      topic: orders
      consumerGroup: orders-workers
      lagThreshold: "300"`;

export function Empty() {
  return (
    <section class="empty start" data-testid="empty" aria-labelledby="start-title">
      <h2 id="start-title">No ScaledObject has asked yet</h2>
      <p>A trigger appears here as soon as KEDA asks this scaler about it.</p>
      <ol>
        <li>
          Point a trigger of a ScaledObject at this scaler:
          <pre tabIndex={0}>{TRIGGER}</pre>
        </li>
        <li>See what KEDA makes of it: <code>kubectl get scaledobject -A</code>, and why not: <code>kubectl describe scaledobject NAME</code>.</li>
        <li>Still empty? KEDA's operator must reach the scaler's gRPC port (<code>kubectl -n keda logs deploy/keda-operator</code>); of several copies of the scaler it asks one, so look at the others, too.</li>
      </ol>
    </section>
  );
}
