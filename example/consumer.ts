// Receives what producer.ts sends: exact topics and a wildcard, each with its own QoS.
import { Arrivals } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';

await runExample(12, async (settings) => {
  const { topic, messages, timeout } = settings;
  const arrivals = new Arrivals('recv01', messages);
  const { client } = await signIn(settings, { clientId: 'recv01', onMessage: arrivals.accept });
  await client.subscribeAsync({
    [`${topic}/x`]: { qos: 0 },
    [`${topic}/r1`]: { qos: 1 },
    [`${topic}/r/+`]: { qos: 1 },
    [`${topic}/r2`]: { qos: 2 },
  });
  console.log(`recv01 subscribed to ${topic}/x, ${topic}/r1, ${topic}/r/+ and ${topic}/r2`);
  if (settings.forever) return;
  await arrivals.complete(timeout);
  await client.endAsync();
});
