// The commands to offer, with the names and addresses that are really in use. Pure.
import type { State } from './api';

export interface NextCommand {
  what: string;
  command: string;
}

export function commandsFor(state: State): NextCommand[] {
  const servers = quoted(state.name_servers.join(';') || '127.0.0.1:9876');
  const group = state.groups[0];
  const topic = quoted(group?.topic ?? state.topics[0]?.topic ?? 'orders');
  const gantry = quoted(state.command);
  const send = `${gantry} send --namesrv ${servers} --topic ${topic} --count 1000`;
  const read: NextCommand[] = group
    ? [{ what: 'Read the backlog as a script would', command: `${gantry} lag --namesrv ${servers} --topic ${topic} --group ${quoted(group.group)} -o json` }]
    : [];
  if (state.mode === 'embedded') {
    return [
      { what: 'Send 1,000 more messages and watch the replicas follow', command: send },
      ...read,
      { what: 'The same on the RocketMQ cluster that you already have; nothing is sent there unless you add --generate', command: `${gantry} up --namesrv YOUR-NAME-SERVER:9876 -f FILE.yaml` },
    ];
  }
  return [
    ...read,
    { what: 'Something looks wrong? Check the way to the cluster', command: `${gantry} doctor --namesrv ${servers}` },
    { what: 'On a test cluster only: send 1,000 invented messages, which every group that reads the topic gets', command: send },
  ];
}

/** For a POSIX shell: ";" between name servers would end the command. */
function quoted(text: string): string {
  return /^[\w.:,%@/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
