package gantry.peer;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.remoting.RPCHook;

/**
 * What every scenario has: its options, its result, a way to be told to stop, a deadline ("timeout_s").
 * Results are added to from the client's own threads, hence the locks.
 */
final class Scenario {
    final Options options;
    private final String id;
    private final JSONObject result = new JSONObject();
    private final JSONArray errors = new JSONArray();
    private final CountDownLatch end = new CountDownLatch(1);
    private final long deadline_ns;

    Scenario(String id, JSONObject json) {
        this.id = id;
        options = new Options(json);
        deadline_ns = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.number("timeout_s", 30));
    }

    String namesrv() { return options.text("namesrv"); }
    String topic() { return options.text("topic"); }
    String group() { return options.text("group", "peer"); }
    RPCHook credentials() {
        return options.has("access_key")
            ? new AclClientRPCHook(new SessionCredentials(options.text("access_key"), options.text("secret_key"))) : null;
    }

    synchronized void put(String name, Object value) { result.put(name, value); }
    synchronized void add(String list, JSONObject entry) {
        JSONArray array = result.getJSONArray(list);
        if (array == null) result.put(list, array = new JSONArray());
        array.add(entry);
    }
    /** A failure the scenario goes on after; the result is then not ok. */
    synchronized void error(Object why) {
        String text = String.valueOf(why);
        if (why instanceof Throwable && ((Throwable) why).getCause() != null) text += " <- " + ((Throwable) why).getCause();
        if (errors.size() < 20) errors.add(text);
    }
    void event(String name) { event(name, 0, null); }
    void event(String name, int count, String key) {
        JSONObject line = new JSONObject();
        line.put("id", id);
        line.put("event", name);
        line.put("count", count);
        if (key != null) line.put("key", key);
        Driver.print(line);
    }

    void stop() { end.countDown(); }
    long remaining_ms() { return Math.max(0, TimeUnit.NANOSECONDS.toMillis(deadline_ns - System.nanoTime())); }
    boolean over() { return end.getCount() == 0 || remaining_ms() == 0; }
    void await() throws InterruptedException { end.await(Math.max(1, remaining_ms()), TimeUnit.MILLISECONDS); }

    synchronized JSONObject finish() {
        for (String name : options.unread()) errors.add("unknown option " + name);
        JSONObject line = new JSONObject();
        line.put("id", id);
        line.put("event", "done");
        line.put("ok", errors.isEmpty());
        line.put("errors", errors);
        line.putAll(result);
        return line;
    }
}
