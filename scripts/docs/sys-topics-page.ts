import { lmqttTopics } from '../../src/gateway/sys/lmqtt-topics.ts';
import type { SysTopic } from '../../src/gateway/sys/sys-topic.ts';
import { brokerTopics } from '../../src/gateway/sys/sys-topic-table.ts';

const HEAD = `# $SYS topics

Made from the tables in \`src/gateway/sys/\` by \`npm run docs\`: change those, not this page.

The state of the server as MQTT messages: the tree of mosquitto with its names and forms (a number as text,
\`N seconds\` for the uptime, two decimals for the loads), and lmqtt's own below \`$SYS/broker/lmqtt\`.

\`\`\`sh
mosquitto_sub -v -t '$SYS/#'
\`\`\`

- Values are brought up to date every \`sysTopicsInterval\` seconds (10) of \`conf/connect.conf\`; 0 turns all of this off.
- A new subscription gets all values that its filter matches at once, with RETAIN 1. After that comes what changes, when
  it changes.
- They are published at QoS 0, whatever QoS a subscription is granted, and are not stored: a client that was away
  gets what is current when it subscribes again. A shared subscription gets the changes, no retained values.
- Filters that begin with a wildcard (\`#\`, \`+/broker/uptime\`) do not match them [MQTT-4.7.2-1]. Clients cannot publish to
  them. Subscribing registers nothing in the name server; the access rules (\`docs/security.md\`) are asked as for
  any other topic.
- Counters begin at 0 when the process starts. Each gateway tells of itself.

Of mosquitto's tree, \`$SYS/broker/connection/#\` is missing: lmqtt has no bridges.
`;

const BROKER = `
## Topics of mosquitto
`;

const LMQTT = `
## Topics of lmqtt alone
`;

/** The text of `docs/sys-topics.md`. */
export function renderSysTopicsPage(): string {
  return [HEAD, BROKER, table(brokerTopics), LMQTT, table(lmqttTopics)].join('');
}

function table(topics: readonly SysTopic[]): string {
  const rows = topics.map(
    ({ kind, topic, unit, description }) =>
      `| \`${topic}${kind === 'load' ? '/{1min,5min,15min}' : ''}\` | ${unit} | ${description} |`,
  );
  return ['', '| topic | unit | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
