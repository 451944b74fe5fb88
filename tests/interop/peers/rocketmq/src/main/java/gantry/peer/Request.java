package gantry.peer;

import com.alibaba.fastjson2.JSONObject;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.rocketmq.remoting.netty.NettyClientConfig;
import org.apache.rocketmq.remoting.netty.NettyRemotingClient;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/**
 * {"do":"request","address":"127.0.0.1:10911","code":30,"fields":{...},"body":"..."}: one request of any code through the
 * stock client's connection. Result: "code", "remark", "fields", "body" (as text) of the response.
 */
final class Request {
    static void run(Scenario scenario) throws Exception {
        Options o = scenario.options;
        RemotingCommand request = RemotingCommand.createRequestCommand(o.number("code", 0), null);
        Map<String, String> fields = new HashMap<>();
        o.map("fields").forEach((name, value) -> fields.put(name, String.valueOf(value)));
        request.setExtFields((HashMap<String, String>) fields);
        if (o.has("body")) request.setBody(o.text("body").getBytes(StandardCharsets.UTF_8));
        NettyRemotingClient client = new NettyRemotingClient(new NettyClientConfig());
        client.start();
        try {
            RemotingCommand response = client.invokeSync(o.text("address"), request, o.number("request_timeout_ms", 5000));
            scenario.put("code", response.getCode());
            scenario.put("remark", response.getRemark());
            scenario.put("fields", response.getExtFields() == null ? new JSONObject() : response.getExtFields());
            scenario.put("body", response.getBody() == null ? "" : new String(response.getBody(), StandardCharsets.UTF_8));
        } finally {
            Promptly.run(client::shutdown);
        }
    }
}
