package gantry.peer;

import com.alibaba.fastjson2.JSONObject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * What a consumer was given: every delivery in "messages" in the order it came, and the counts that tests ask for.
 * The scenario ends when "n" distinct keys have been accepted (n = 0: when it is stopped).
 */
final class Received {
    private final Scenario scenario;
    private final int n;
    private final String fail;
    private final Set<String> accepted = new HashSet<>();
    private final Set<String> refused = new HashSet<>();
    private final Map<String, Long> last_offset = new HashMap<>();
    private int deliveries;
    private int duplicates;
    private int disorder;

    Received(Scenario scenario) {
        this.scenario = scenario;
        n = scenario.options.number("n", 0);
        fail = scenario.options.text("fail", "none");
        if (!Set.of("none", "once", "always").contains(fail)) throw new IllegalArgumentException("fail: none, once or always, not " + fail);
    }

    /** False: refuse it, so that the server delivers it again ("fail":"once" the first time only, "always" for ever). */
    synchronized boolean take(MessageExt m) {
        boolean refuse = fail.equals("always") || fail.equals("once") && refused.add(m.getKeys());
        JSONObject entry = new JSONObject();
        entry.put("key", m.getKeys());
        entry.put("msg_id", m.getMsgId());
        entry.put("topic", m.getTopic());
        entry.put("broker", m.getBrokerName());
        entry.put("queue", m.getQueueId());
        entry.put("offset", m.getQueueOffset());
        entry.put("tag", m.getTags());
        entry.put("reconsume_times", m.getReconsumeTimes());
        entry.put("size", m.getBody() == null ? 0 : m.getBody().length);
        entry.put("whole", Payload.whole(m.getKeys(), m.getBody()));
        entry.put("age_ms", System.currentTimeMillis() - m.getBornTimestamp());
        entry.put("properties", m.getProperties());
        entry.put("accepted", !refuse);
        scenario.add("messages", entry);
        scenario.event("delivered", ++deliveries, m.getKeys());
        if (refuse) return false;
        // an offset below one already accepted of the same queue: breaks the promise of orderly consumption only
        Long before = last_offset.put(m.getTopic() + '/' + m.getBrokerName() + '/' + m.getQueueId(), m.getQueueOffset());
        if (before != null && before > m.getQueueOffset()) disorder++;
        if (!accepted.add(m.getKeys())) duplicates++;
        if (n > 0 && accepted.size() >= n) scenario.stop();
        return true;
    }

    synchronized void finish() {
        scenario.put("unique", accepted.size());
        scenario.put("duplicates", duplicates);
        scenario.put("disorder", disorder);
        if (accepted.size() < n) scenario.error("accepted " + accepted.size() + " of " + n);
    }
}
