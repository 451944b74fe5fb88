package gantry.peer;

import com.alibaba.fastjson2.JSONObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.AckStatus;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.consumer.PopStatus;
import org.apache.rocketmq.client.impl.ClientRemotingProcessor;
import org.apache.rocketmq.client.impl.mqclient.MQClientAPIExt;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil;
import org.apache.rocketmq.remoting.protocol.header.NotificationRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.PopMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;

/**
 * {"do":"pop-raw","namesrv","topic","group","n":10,"ack":"single|batch|none|change",...}: POP, ACK, BATCH_ACK and
 * CHANGE_INVISIBLE_TIME straight on the wire, one request at a time. "change": the first delivery of a message is made
 * visible again after "change_ms", the second acknowledged; "none": deliveries are left to come back after
 * "invisible_ms". "notify":true first waits for a NOTIFICATION and reports it as "notified".
 */
final class PopRaw {
    private static final long REQUEST_TIMEOUT_MS = 15000;
    private final Scenario scenario;
    private final MQClientAPIExt api;
    private final Set<String> changed = new HashSet<>();
    private String broker_name, address;

    static void run(Scenario scenario) throws Exception { new PopRaw(scenario).run(); }

    private PopRaw(Scenario scenario) {
        this.scenario = scenario;
        ClientConfig config = new ClientConfig();
        config.setNamesrvAddr(scenario.namesrv());
        api = new MQClientAPIExt(config, new NettyClientConfig(), new ClientRemotingProcessor(null), scenario.credentials());
    }

    private void run() throws Exception {
        api.start();
        try {
            api.updateNameServerAddressList(scenario.namesrv());
            BrokerData broker = api.getTopicRouteInfoFromNameServer(scenario.topic(), 5000).getBrokerDatas().get(0);
            broker_name = broker.getBrokerName();
            address = broker.selectBrokerAddr();
            Received received = new Received(scenario);
            scenario.event("started");
            if (scenario.options.flag("notify")) scenario.put("notified", notification());
            String ack = scenario.options.text("ack", "single");
            while (!scenario.over()) {
                PopResult result = api.popMessageAsync(address, broker_name, pop(), REQUEST_TIMEOUT_MS).get();
                if (result.getPopStatus() != PopStatus.FOUND) continue;
                List<MessageExt> taken = new ArrayList<>();
                for (MessageExt m : result.getMsgFoundList()) {
                    if (ack.equals("change") && changed.add(m.getKeys())) change(m); else if (received.take(m)) taken.add(m);
                }
                if (ack.equals("batch")) batch(taken);
                if (ack.equals("single") || ack.equals("change")) for (MessageExt m : taken) single(m);
            }
            received.finish();
        } finally {
            Promptly.run(api::shutdown);
        }
    }

    private PopMessageRequestHeader pop() {
        PopMessageRequestHeader h = new PopMessageRequestHeader();
        h.setConsumerGroup(scenario.group());
        h.setTopic(scenario.topic());
        h.setQueueId(scenario.options.number("queue", -1));
        h.setMaxMsgNums(scenario.options.number("batch", 32));
        h.setInvisibleTime(scenario.options.number("invisible_ms", 60000));
        h.setPollTime(scenario.options.number("poll_ms", 1000));
        h.setBornTime(System.currentTimeMillis());
        h.setInitMode(0);
        h.setExpType("TAG");
        h.setExp(scenario.options.text("tag", "*"));
        h.setOrder(scenario.options.flag("order"));
        h.setBrokerName(broker_name);
        return h;
    }

    private boolean notification() throws Exception {
        NotificationRequestHeader h = new NotificationRequestHeader();
        h.setConsumerGroup(scenario.group());
        h.setTopic(scenario.topic());
        h.setQueueId(-1);
        h.setPollTime(scenario.options.number("poll_ms", 1000));
        h.setBornTime(System.currentTimeMillis());
        h.setBrokerName(broker_name);
        return api.notification(address, h, REQUEST_TIMEOUT_MS).get();
    }

    private String topic(String[] receipt) { return ExtraInfoUtil.getRealTopic(receipt, scenario.topic(), scenario.group()); }

    private void single(MessageExt m) throws Exception {
        String handle = m.getProperty(MessageConst.PROPERTY_POP_CK);
        String[] receipt = ExtraInfoUtil.split(handle);
        AckMessageRequestHeader h = new AckMessageRequestHeader();
        h.setConsumerGroup(scenario.group());
        h.setTopic(topic(receipt));
        h.setQueueId(ExtraInfoUtil.getQueueId(receipt));
        h.setOffset(ExtraInfoUtil.getQueueOffset(receipt));
        h.setExtraInfo(handle);
        h.setBrokerName(broker_name);
        check("ack", api.ackMessageAsync(address, h, REQUEST_TIMEOUT_MS).get());
    }

    private void batch(List<MessageExt> messages) throws Exception {
        List<String> handles = new ArrayList<>();
        for (MessageExt m : messages) handles.add(m.getProperty(MessageConst.PROPERTY_POP_CK));
        if (handles.isEmpty()) return;
        check("batch ack", api.batchAckMessageAsync(address, scenario.topic(), scenario.group(), handles, REQUEST_TIMEOUT_MS).get());
    }

    private void change(MessageExt m) throws Exception {
        String handle = m.getProperty(MessageConst.PROPERTY_POP_CK);
        String[] receipt = ExtraInfoUtil.split(handle);
        ChangeInvisibleTimeRequestHeader h = new ChangeInvisibleTimeRequestHeader();
        h.setConsumerGroup(scenario.group());
        h.setTopic(topic(receipt));
        h.setQueueId(ExtraInfoUtil.getQueueId(receipt));
        h.setOffset(ExtraInfoUtil.getQueueOffset(receipt));
        h.setExtraInfo(handle);
        h.setInvisibleTime((long) scenario.options.number("change_ms", 1000));
        h.setBrokerName(broker_name);
        AckResult result = api.changeInvisibleTimeAsync(address, broker_name, h, REQUEST_TIMEOUT_MS).get();
        check("change invisible time", result);
        JSONObject entry = new JSONObject();
        entry.put("key", m.getKeys());
        entry.put("before", handle);
        entry.put("after", result.getExtraInfo());
        scenario.add("changed", entry);
    }

    private void check(String what, AckResult result) {
        if (result.getStatus() != AckStatus.OK) scenario.error(what + ": " + result.getStatus());
    }
}
