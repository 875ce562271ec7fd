// Publishes at QoS 0, 1 and 2: one message to each of four topics in a round.
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';

await runExample(3, async (settings) => {
  const { client } = await signIn(settings, { clientId: 'send01' });
  const { topic } = settings;
  const plan = [
    { name: 'x', qos: 0 },
    { name: 'r1', qos: 1 },
    { name: 'r/wc', qos: 1 },
    { name: 'r2', qos: 2 },
  ] as const;

  for (let round = 1; settings.forever || round <= settings.messages; round++) {
    for (const { name, qos } of plan) {
      // Resolves at QoS 0 when written, at QoS 1 with the PUBACK, at QoS 2 with the PUBCOMP.
      await client.publishAsync(`${topic}/${name}`, textOf(name, round), { qos });
      console.log(`send01 sent ${topic}/${name} QoS ${String(qos)} #${String(round)}`);
    }
    await sleep(settings.forever ? 1000 : 100);
  }
  await client.endAsync();
});
