// A persistent session: the client leaves, and comes back for all that was sent meanwhile.
//   persistent-consumer.ts            all of it, with a producer of its own
//   persistent-consumer.ts subscribe  only subscribes and leaves
//   persistent-consumer.ts receive    only comes back, receives, and ends the session
import { Arrivals, textOf } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';
import type { Settings } from './settings.ts';

const clientId = 'recv03';

async function subscribe(settings: Settings): Promise<void> {
  const { topic } = settings;
  const { client } = await signIn(settings, { clientId, clean: false });
  await client.subscribeAsync({ [`${topic}/r1`]: { qos: 1 }, [`${topic}/r2`]: { qos: 2 } });
  await client.endAsync();
  console.log(`${clientId} subscribed to ${topic}/r1 and ${topic}/r2, and left`);
}

async function send(settings: Settings): Promise<void> {
  const { topic, messages } = settings;
  const { client } = await signIn(settings, { clientId: 'send03' });
  for (let number = 1; number <= messages; number++) {
    await client.publishAsync(`${topic}/r1`, textOf('r1', number), { qos: 1 });
    await client.publishAsync(`${topic}/r2`, textOf('r2', number), { qos: 2 });
  }
  await client.endAsync();
  console.log(`send03 sent ${String(2 * messages)} messages`);
}

async function receive(settings: Settings): Promise<void> {
  const { messages, timeout } = settings;
  const arrivals = new Arrivals(clientId, 2 * messages);
  const onMessage = arrivals.accept;
  const { client, sessionPresent } = await signIn(settings, { clientId, clean: false, onMessage });
  console.log(`${clientId} is back, session present: ${String(sessionPresent)}`);
  if (!sessionPresent) throw new Error('the gateway did not keep the session');
  await arrivals.complete(timeout);
  await client.endAsync();
  const last = await signIn(settings, { clientId, clean: true }); // ends the session
  await last.client.endAsync();
}

const steps = new Map([
  ['subscribe', subscribe],
  ['send', send],
  ['receive', receive],
]);

await runExample(3, async (settings) => {
  const names = settings.words.length > 0 ? settings.words : [...steps.keys()];
  for (const name of names) {
    const step = steps.get(name);
    if (step === undefined) throw new Error(`unknown step '${name}'`);
    await step(settings);
  }
});
