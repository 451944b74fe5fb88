package gantry.peer;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.impl.consumer.DefaultMQPushConsumerImpl;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageRequestMode;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * {"do":"consume","namesrv","topic","group","mode":"push|orderly|pull|pop","n":10,"timeout_s":30,...}. pop is the push
 * consumer after `mqadmin setConsumeMode -m POP`. "tag", "from":"first|last", "fail" (see Received), "delay_level" of
 * a refused message (-1: dead-letter queue at once), "max_reconsume", "pop_delay_s", "invisible_ms", "broadcast".
 */
final class Consume {
    static void run(Scenario scenario) throws Exception {
        String mode = scenario.options.text("mode", "push");
        switch (mode) {
            case "pull": pull(scenario); break;
            case "pop": set_pop(scenario); push(scenario, mode); break;
            case "push":
            case "orderly": push(scenario, mode); break;
            default: throw new IllegalArgumentException("unknown mode " + mode);
        }
    }

    private static ConsumeFromWhere from(Scenario scenario) {
        return scenario.options.text("from", "first").equals("first")
            ? ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET : ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET;
    }

    private static void pull(Scenario scenario) throws Exception {
        Received received = new Received(scenario);
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(scenario.group(), scenario.credentials());
        consumer.setNamesrvAddr(scenario.namesrv());
        consumer.setPollNameServerInterval(1000);
        // a client that finds its heartbeat lock taken when queues change skips that heartbeat; the next is 30 s away
        consumer.setHeartbeatBrokerInterval(1000);
        consumer.setConsumeFromWhere(from(scenario));
        consumer.setPullBatchSize(scenario.options.number("batch", 32));
        consumer.subscribe(scenario.topic(), scenario.options.text("tag", "*"));
        consumer.start();
        scenario.event("started");
        while (!scenario.over()) for (MessageExt m : consumer.poll(200)) received.take(m);
        consumer.commit();
        Promptly.run(consumer::shutdown);
        received.finish();
    }

    private static void push(Scenario scenario, String mode) throws Exception {
        Options o = scenario.options;
        Received received = new Received(scenario);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(scenario.group(), scenario.credentials());
        consumer.setNamesrvAddr(scenario.namesrv());
        consumer.setPollNameServerInterval(1000);
        // a client that finds its heartbeat lock taken when queues change skips that heartbeat; the next is 30 s away
        consumer.setHeartbeatBrokerInterval(1000);
        consumer.setConsumeFromWhere(from(scenario));
        consumer.setConsumeThreadMin(o.number("threads", 4));
        consumer.setConsumeThreadMax(o.number("threads", 4));
        consumer.setMaxReconsumeTimes(o.number("max_reconsume", -1));
        consumer.setSuspendCurrentQueueTimeMillis(100);
        if (o.flag("broadcast")) {
            consumer.setMessageModel(MessageModel.BROADCASTING);
            // the client gives only consumers of a cluster a name of their own
            consumer.setInstanceName("broadcast-" + System.nanoTime());
        }
        if (mode.equals("pop")) {
            consumer.setClientRebalance(false);
            consumer.setPopInvisibleTime(o.number("invisible_ms", 60000));
            if (o.has("pop_delay_s")) shorten_pop_delay(consumer, o.number("pop_delay_s", 1));
        }
        consumer.subscribe(scenario.topic(), o.text("tag", "*"));
        int delay_level = o.number("delay_level", 0);
        if (mode.equals("orderly")) {
            consumer.setMessageListener((MessageListenerOrderly) (messages, context) -> {
                boolean ok = true;
                for (MessageExt m : messages) ok &= received.take(m);
                return ok ? ConsumeOrderlyStatus.SUCCESS : ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
            });
        } else {
            consumer.setMessageListener((MessageListenerConcurrently) (messages, context) -> {
                boolean ok = true;
                for (MessageExt m : messages) ok &= received.take(m);
                context.setDelayLevelWhenNextConsume(delay_level);
                return ok ? ConsumeConcurrentlyStatus.CONSUME_SUCCESS : ConsumeConcurrentlyStatus.RECONSUME_LATER;
            });
        }
        consumer.start();
        long started_ns = System.nanoTime();
        scenario.event("started");
        scenario.await();
        if (mode.equals("orderly")) {
            // one second after its start an orderly consumer locks its queues, even in the middle of a shutdown that has
            // just unlocked them: they then stay locked for a minute with nobody there
            Thread.sleep(Math.max(0, 1500 - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started_ns)));
        }
        // shutdown waits for running listeners and commits, so what was accepted is also committed or acknowledged
        consumer.setAwaitTerminationMillisWhenShutdown(2000);
        Promptly.run(consumer::shutdown);
        received.finish();
    }

    /** The client waits 10 s and more before it shows a refused message again, and has no setting for that. */
    private static void shorten_pop_delay(DefaultMQPushConsumer consumer, int seconds) throws Exception {
        Field table = DefaultMQPushConsumerImpl.class.getDeclaredField("popDelayLevel");
        table.setAccessible(true);
        Arrays.fill((int[]) table.get(consumer.getDefaultMQPushConsumerImpl()), seconds);
    }

    private static void set_pop(Scenario scenario) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt(scenario.credentials());
        admin.setInstanceName("set-pop-" + System.nanoTime());
        admin.setNamesrvAddr(scenario.namesrv());
        admin.start();
        try {
            for (BrokerData broker : admin.examineTopicRouteInfo(scenario.topic()).getBrokerDatas()) {
                admin.setMessageRequestMode(broker.selectBrokerAddr(), scenario.topic(), scenario.group(), MessageRequestMode.POP, 8, 5000);
            }
        } finally {
            Promptly.run(admin::shutdown);
        }
    }
}
