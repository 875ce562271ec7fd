// Wildcards at the first level: one client takes every topic, another the second level 'x' of any.
import { Arrivals } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';

await runExample(3, async (settings) => {
  // producer.ts sends four messages a round, one of them to a topic that '+/x' matches.
  const watches = [
    { clientId: 'recv02-all', filter: '#', expected: 4 * settings.messages },
    { clientId: 'recv02-x', filter: '+/x', expected: settings.messages },
  ];
  const waiting = [];
  for (const { clientId, filter, expected } of watches) {
    const arrivals = new Arrivals(clientId, expected);
    const { client } = await signIn(settings, { clientId, onMessage: arrivals.accept });
    await client.subscribeAsync(filter, { qos: 2 });
    console.log(`${clientId} subscribed to ${filter}`);
    waiting.push({ client, arrivals });
  }
  if (settings.forever) return;
  for (const { client, arrivals } of waiting) {
    await arrivals.complete(settings.timeout);
    await client.endAsync();
  }
});
