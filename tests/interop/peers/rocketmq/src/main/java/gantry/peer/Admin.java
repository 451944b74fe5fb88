package gantry.peer;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/** {"do":"admin","args":["topicList","-n","..."]}: an mqadmin command as typed; result "output", what it printed. */
final class Admin {
    // mqadmin prints to System.out and .err, of which there is one a process: one command at a time
    static synchronized void run(Scenario scenario) throws Exception {
        List<String> args = scenario.options.list("args").toList(String.class);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream out = System.out, err = System.err, both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        System.setOut(both);
        System.setErr(both);
        try {
            AclClientRPCHook credentials = (AclClientRPCHook) scenario.credentials();
            Promptly.run(() -> MQAdminStartup.main0(args.toArray(new String[0]), credentials));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        String output = bytes.toString(StandardCharsets.UTF_8);
        scenario.put("output", output);
        // main0 swallows every exception after printing it
        int failed = output.indexOf("SubCommandException");
        if (failed >= 0) scenario.error(output.substring(failed));
    }
}
