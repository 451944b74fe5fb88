package gantry.peer;

import java.nio.charset.StandardCharsets;

/** A body that can be told to be whole from the message's key alone: "key|key|key|..." cut at the size asked for. */
final class Payload {
    static byte[] of(String key, int size) {
        byte[] unit = (key + "|").getBytes(StandardCharsets.UTF_8), body = new byte[size];
        for (int i = 0; i < size; i++) body[i] = unit[i % unit.length];
        return body;
    }
    static boolean whole(String key, byte[] body) {
        return key != null && body != null && java.util.Arrays.equals(body, of(key, body.length));
    }
}
