// A gateway inside a program of your own, with hooks that refuse, change and watch messages:
// node example/library/gateway.js
// (in a checkout after `sh bin/build.sh`; `lmqtt` is this package, as it would be in your node_modules)
import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGateway, ReasonCode, refuse } from 'lmqtt';
import { connectAsync } from 'mqtt';

const LARGEST_READING = 100;
const QOS_1 = /** @type {const} */ ({ qos: 1 });
const log = [];

function tell(line) {
  log.push(line);
  console.log(line);
}

/** Readings that cannot be true are refused. */
const plausible = {
  name: 'plausible',
  onPublish(message) {
    if (!message.topic.startsWith('readings/')) return undefined;
    const reading = Number(message.payload.toString());
    if (reading <= LARGEST_READING) return undefined;
    return refuse(ReasonCode.PAYLOAD_FORMAT_INVALID, `a reading of ${String(reading)}`);
  },
};

/** Every message says who has sent it: what is assigned is what is stored, delivered and retained. */
const signed = {
  name: 'signed',
  onPublish(message, client) {
    const { userProperties = [] } = message.properties;
    message.properties = {
      ...message.properties,
      userProperties: [...userProperties, { name: 'sender', value: client.clientId }],
    };
  },
};

/** Tells of everything that goes out. */
const watcher = {
  name: 'watcher',
  onConnected: (client) => tell(`${client.clientId} connected`),
  onDeliver(message, client) {
    tell(`${client.clientId} is sent ${message.topic}: ${message.payload.toString()}`);
  },
  onDisconnect: (client, { reason }) => tell(`${client.clientId} left: ${reason}`),
};

const directory = await mkdtemp(join(tmpdir(), 'lmqtt-example-'));
const gateway = createGateway({
  store: { directory },
  listeners: [{ port: 0 }],
  hooks: [plausible, signed, watcher],
});

try {
  await gateway.start();
  const [{ host, port }] = gateway.addresses();
  const url = `mqtt://${host}:${String(port)}`;
  const options = { protocolVersion: 5, reconnectPeriod: 0 };

  const display = await connectAsync(url, { ...options, clientId: 'display' });
  const senders = [];
  display.on('message', (_topic, _payload, { properties }) => {
    senders.push(properties.userProperties.sender);
  });
  await display.subscribeAsync('readings/#', QOS_1);

  const sensor = await connectAsync(url, { ...options, clientId: 'sensor' });
  await sensor.publishAsync('readings/oven', '98', QOS_1);
  const refused = await sensor.publishAsync('readings/oven', '980', QOS_1).catch((error) => error);
  assert.equal(refused.code, ReasonCode.PAYLOAD_FORMAT_INVALID);
  tell(`sensor was refused: 0x${refused.code.toString(16)}`);
  await sensor.publishAsync('readings/oven', '99', QOS_1);

  // From inside: no publish hook is asked, deliver hooks are.
  await gateway.publish({
    topic: 'readings/note',
    payload: 'closing',
    properties: { userProperties: [{ name: 'sender', value: 'the gateway' }] },
  });
  while (senders.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  await sensor.endAsync();
  await display.endAsync();
  assert.deepEqual(senders, ['sensor', 'sensor', 'the gateway']);
  assert.deepEqual(
    log.filter((line) => line.startsWith('display is sent')),
    [
      'display is sent readings/oven: 98',
      'display is sent readings/oven: 99',
      'display is sent readings/note: closing',
    ],
  );
} finally {
  await gateway.stop();
  await rm(directory, { recursive: true, force: true });
}
