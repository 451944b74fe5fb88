package gantry.peer;

import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Drives any server that speaks the RocketMQ wire with the stock Java client. One JVM, many scenarios: each line of
 * standard input is one, {"id":"1","do":"send",...}, run on a thread of its own; lines of standard output are
 * {"id":"1","event":"started"} (a consumer is running), {"id":"1","event":"delivered","count":3,"key":"k2"} and one {"id":"1","event":"done","ok":true,...} a scenario.
 * {"do":"stop","target":"1"} ends a scenario early; the end of standard input ends the driver.
 */
public final class Driver {
    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private static final Map<String, Scenario> RUNNING = new ConcurrentHashMap<>();

    interface Work { void run(Scenario scenario) throws Exception; }
    private static final Map<String, Work> WORK = Map.of(
        "send", Send::run,
        "consume", Consume::run,
        "pop-raw", PopRaw::run,
        "request", Request::run,
        "admin", Admin::run,
        "serialize", Serialize::run);

    static synchronized void print(JSONObject line) { OUT.println(line.toString()); }

    public static void main(String[] args) throws Exception {
        // what the client library prints must not get between our lines
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            JSONObject json = JSON.parseObject(line);
            String id = json.getString("id"), what = json.getString("do");
            if ("stop".equals(what)) {
                Scenario target = RUNNING.get(json.getString("target"));
                if (target != null) target.stop();
                continue;
            }
            Scenario scenario = new Scenario(id, json);
            RUNNING.put(id, scenario);
            new Thread(() -> run(id, what, scenario), "scenario-" + id).start();
        }
        // the client's threads are not all daemons
        Runtime.getRuntime().halt(0);
    }

    private static void run(String id, String what, Scenario scenario) {
        try {
            Work work = WORK.get(what);
            if (work == null) throw new IllegalArgumentException("unknown scenario " + what + ", known: " + WORK.keySet());
            work.run(scenario);
        } catch (Throwable e) {
            e.printStackTrace();
            scenario.error(e);
        }
        RUNNING.remove(id);
        print(scenario.finish());
    }
}
