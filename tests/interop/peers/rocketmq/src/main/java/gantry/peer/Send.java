package gantry.peer;

import com.alibaba.fastjson2.JSONObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * {"do":"send","namesrv","topic","kind":"normal|async|oneway|orderly|delay|batch|transaction","n":10,...}. Result: "sent", one
 * {key,msg_id,offset_msg_id,broker,queue,offset,status,at_ms} a message (a batch: a batch), "count" of messages acknowledged.
 * "pause_ms" between two messages of a thread; with a large n a stop ends it.
 * Tags are taken in turn from "tag":"A,B"; orderly messages of a key group go to the queue of that group.
 */
final class Send {
    private final Scenario scenario;
    private final DefaultMQProducer producer;
    private final String topic, prefix;
    private final String[] tags;
    private final int size, groups, batch, delay_level, delay_ms;
    private final Map<String, Object> properties;
    private final AtomicInteger count = new AtomicInteger();
    private final Semaphore in_flight;

    static void run(Scenario scenario) throws Exception { new Send(scenario).run(); }

    private Send(Scenario scenario) {
        this.scenario = scenario;
        Options o = scenario.options;
        topic = scenario.topic();
        prefix = o.text("key_prefix", "k");
        tags = o.text("tag", "T").split(",");
        size = o.number("size", 64);
        groups = o.number("groups", 4);
        batch = o.number("batch", 8);
        delay_level = o.number("delay_level", 1);
        delay_ms = o.number("delay_ms", 0);
        properties = o.map("properties");
        in_flight = new Semaphore(o.number("in_flight", 64));
        String kind = o.text("kind", "normal");
        producer = kind.equals("transaction") ? transactional(o) : new DefaultMQProducer(scenario.group(), scenario.credentials());
        producer.setNamesrvAddr(scenario.namesrv());
        if (o.has("poll_namesrv_ms")) producer.setPollNameServerInterval(o.number("poll_namesrv_ms", 30000));
        producer.setSendMsgTimeout(o.number("send_timeout_ms", 5000));
        String compress = o.text("compress", "none");
        producer.setCompressMsgBodyOverHowmuch(compress.equals("none") ? 1 << 22 : 1);
        if (!compress.equals("none")) producer.setCompressType(CompressionType.of(compress));
    }

    /** "check":true leaves every second transaction undecided, and waits until the broker has asked for each of them. */
    private TransactionMQProducer transactional(Options o) {
        boolean check = o.flag("check");
        Set<String> undecided = ConcurrentHashMap.newKeySet();
        for (int i = 1; i < o.number("n", 10); i += 2) undecided.add(prefix + i);
        TransactionMQProducer p = new TransactionMQProducer(scenario.group(), scenario.credentials());
        p.setTransactionListener(new TransactionListener() {
            @Override public LocalTransactionState executeLocalTransaction(Message m, Object i) {
                if ((Integer) i % 2 == 0) return LocalTransactionState.COMMIT_MESSAGE;
                return check ? LocalTransactionState.UNKNOW : LocalTransactionState.ROLLBACK_MESSAGE;
            }
            @Override public LocalTransactionState checkLocalTransaction(MessageExt m) {
                JSONObject entry = new JSONObject();
                entry.put("key", m.getKeys());
                scenario.add("checked", entry);
                if (undecided.remove(m.getKeys()) && undecided.isEmpty()) scenario.stop();
                return LocalTransactionState.COMMIT_MESSAGE;
            }
        });
        return p;
    }

    private void run() throws Exception {
        Options o = scenario.options;
        String kind = o.text("kind", "normal");
        int n = o.number("n", 10), threads = o.number("threads", 1), step = kind.equals("batch") ? batch : 1, pause_ms = o.number("pause_ms", 0);
        producer.start();
        AtomicInteger next = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(threads);
        for (int t = 0; t < threads; t++) {
            new Thread(() -> {
                for (int i; (i = next.getAndAdd(step)) < n && !scenario.over(); ) {
                    try {
                        one(kind, i, Math.min(step, n - i));
                        if (pause_ms > 0) Thread.sleep(pause_ms);
                    } catch (Throwable e) { scenario.error(e); }
                }
                ended.countDown();
            }).start();
        }
        ended.await();
        int all = o.number("in_flight", 64);
        if (!in_flight.tryAcquire(all, scenario.remaining_ms(), TimeUnit.MILLISECONDS)) scenario.error("sends still in flight");
        if (kind.equals("transaction") && o.flag("check")) scenario.await();
        // "linger": the connections stay, so that the next server start or an mqadmin command finds this producer
        if (o.flag("linger")) { scenario.event("started"); scenario.await(); }
        scenario.put("count", count.get());
        Promptly.run(producer::shutdown);
    }

    private void one(String kind, int i, int n) throws Exception {
        switch (kind) {
            case "normal": acknowledged(message(i).getKeys(), producer.send(message(i)), 1); break;
            case "delay": acknowledged(prefix + i, producer.send(message(i)), 1); break;
            case "async": async(message(i)); break;
            case "oneway": producer.sendOneway(message(i)); count.incrementAndGet(); break;
            case "orderly": {
                Message m = message(i);
                m.putUserProperty(MessageConst.PROPERTY_SHARDING_KEY, "g" + i % groups);
                acknowledged(m.getKeys(), producer.send(m, (queues, mm, g) -> queues.get((Integer) g % queues.size()), i % groups), 1);
                break;
            }
            case "batch": {
                List<Message> messages = new ArrayList<>();
                for (int k = 0; k < n; k++) messages.add(message(i + k));
                acknowledged(prefix + i, producer.send(messages), n);
                break;
            }
            case "transaction": acknowledged(prefix + i, producer.sendMessageInTransaction(message(i), i), 1); break;
            default: throw new IllegalArgumentException("unknown kind " + kind);
        }
    }

    private Message message(int i) {
        String key = prefix + i;
        Message m = new Message(topic, tags[i % tags.length], key, Payload.of(key, size));
        properties.forEach((name, value) -> m.putUserProperty(name, String.valueOf(value)));
        if (scenario.options.text("kind", "normal").equals("delay")) {
            if (delay_ms > 0) m.setDelayTimeMs(delay_ms); else m.setDelayTimeLevel(delay_level);
        }
        return m;
    }

    private void async(Message m) throws Exception {
        in_flight.acquire();
        try {
            producer.send(m, new SendCallback() {
                @Override public void onSuccess(SendResult r) { acknowledged(m.getKeys(), r, 1); in_flight.release(); }
                @Override public void onException(Throwable e) { scenario.error(e); in_flight.release(); }
            });
        } catch (Throwable e) {
            in_flight.release();
            throw e;
        }
    }

    private void acknowledged(String key, SendResult r, int messages) {
        if (r.getSendStatus() == SendStatus.SEND_OK) count.addAndGet(messages); else scenario.error(r.getSendStatus());
        JSONObject entry = new JSONObject();
        entry.put("key", key);
        entry.put("msg_id", r.getMsgId());
        entry.put("offset_msg_id", r.getOffsetMsgId());
        entry.put("broker", r.getMessageQueue().getBrokerName());
        entry.put("queue", r.getMessageQueue().getQueueId());
        entry.put("offset", r.getQueueOffset());
        entry.put("status", r.getSendStatus().name());
        entry.put("at_ms", System.currentTimeMillis());
        scenario.add("sent", entry);
    }
}
