package gantry.peer;

import com.alibaba.fastjson2.JSONArray;
import com.alibaba.fastjson2.JSONObject;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** One scenario as it was asked for. Remembers what was read: a misspelt option is an error, not a default. */
final class Options {
    private final JSONObject json;
    private final Set<String> read = new HashSet<>();

    Options(JSONObject json) {
        this.json = json;
        read.add("id");
        read.add("do");
    }
    String text(String name, String otherwise) {
        read.add(name);
        return json.containsKey(name) ? json.getString(name) : otherwise;
    }
    String text(String name) {
        String value = text(name, null);
        if (value == null) throw new IllegalArgumentException("option " + name + " is missing");
        return value;
    }
    int number(String name, int otherwise) {
        read.add(name);
        return json.containsKey(name) ? json.getIntValue(name) : otherwise;
    }
    boolean flag(String name) {
        read.add(name);
        return json.getBooleanValue(name);
    }
    boolean has(String name) {
        read.add(name);
        return json.containsKey(name);
    }
    JSONArray list(String name) {
        read.add(name);
        return json.containsKey(name) ? json.getJSONArray(name) : new JSONArray();
    }
    Map<String, Object> map(String name) {
        read.add(name);
        return json.containsKey(name) ? json.getJSONObject(name) : new JSONObject();
    }
    Set<String> unread() {
        Set<String> rest = new TreeSet<>(json.keySet());
        rest.removeAll(read);
        return rest;
    }
}
