// An MQTT client in a page: MQTT.js over WebSocket, signed in with Base64(HMAC-SHA1(secretKey, clientId)).
/* global CryptoJS, document, FormData, mqtt */

const SHOWN_LINES = 500;

let client;

function log(text) {
  const list = document.querySelector('#log');
  const line = document.createElement('li');
  line.textContent = text;
  list.append(line);
  while (list.children.length > SHOWN_LINES) list.firstElementChild.remove();
}

function signature(secretKey, clientId) {
  return CryptoJS.HmacSHA1(clientId, secretKey).toString(CryptoJS.enc.Base64);
}

function connect({ url, version, clientId, username, secretKey }) {
  client?.end(true);
  client = mqtt.connect(url, {
    protocolVersion: Number(version),
    clientId,
    reconnectPeriod: 0,
    ...(username === '' ? {} : { username, password: signature(secretKey, clientId) }),
  });
  client.on('connect', () => {
    log('connected');
  });
  client.on('message', (topic, payload, packet) => {
    log(`received ${topic} QoS ${packet.qos}: ${payload.toString()}`);
  });
  client.on('error', (error) => {
    log(`error: ${error.message}`);
  });
  client.on('close', () => {
    log('closed');
  });
}

function connected() {
  if (client?.connected !== true) throw new Error('not connected');
  return client;
}

async function subscribe({ filter, qos }) {
  const [granted] = await connected().subscribeAsync(filter, { qos: Number(qos) });
  log(`subscribed to ${filter} at QoS ${granted.qos}`);
}

async function publish({ topic, message, qos }) {
  await connected().publishAsync(topic, message, { qos: Number(qos) });
  log(`sent ${topic} QoS ${qos}: ${message}`);
}

async function disconnect() {
  await connected().endAsync();
}

for (const [id, action] of Object.entries({ connect, subscribe, publish, disconnect })) {
  const form = document.querySelector(`#${id}`);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      await action(Object.fromEntries(new FormData(form)));
    } catch (error) {
      log(`error: ${error.message}`);
    }
  });
}

document.querySelector('[name=clientId]').value = `browser-${mqtt.Client.defaultId().slice(-8)}`;
