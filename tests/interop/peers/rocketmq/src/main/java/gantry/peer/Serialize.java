package gantry.peer;

import java.lang.reflect.Field;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.SerializeType;

/**
 * {"do":"serialize","type":"JSON|ROCKETMQ"}: how the requests of this JVM are written from now on. The client reads the
 * property rocketmq.serialize.type once, when the class is loaded; this sets the same field again, to save a second JVM.
 */
final class Serialize {
    static void run(Scenario scenario) throws Exception {
        Field field = RemotingCommand.class.getDeclaredField("serializeTypeConfigInThisServer");
        field.setAccessible(true);
        field.set(null, SerializeType.valueOf(scenario.options.text("type")));
        scenario.put("type", RemotingCommand.getSerializeTypeConfigInThisServer().name());
    }
}
