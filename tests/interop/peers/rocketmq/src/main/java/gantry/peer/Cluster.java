package gantry.peer;

import org.apache.rocketmq.broker.BrokerStartup;
import org.apache.rocketmq.namesrv.NamesrvStartup;

/** Name server and broker in one JVM: one start-up to pay for instead of two. */
public final class Cluster {
    public static void main(String[] args) {
        NamesrvStartup.main(new String[] {"-c", args[0]});
        BrokerStartup.main(new String[] {"-c", args[1]});
    }
}
