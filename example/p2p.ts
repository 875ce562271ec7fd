// Point to point: a message to {topic}/p2p/{clientId} reaches that client without a subscription.
import { Arrivals, textOf } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';

await runExample(3, async (settings) => {
  const { topic, messages, timeout } = settings;
  const there = new Arrivals('recv04', messages);
  const back = new Arrivals('send04', messages);
  const receiver = await signIn(settings, {
    clientId: 'recv04',
    onMessage(message) {
      there.accept(message);
      receiver.client.publish(`${topic}/p2p/send04`, message.text, { qos: 1 });
    },
  });
  const sender = await signIn(settings, { clientId: 'send04', onMessage: back.accept });
  for (let number = 1; number <= messages; number++) {
    await sender.client.publishAsync(`${topic}/p2p/recv04`, textOf('p2p', number), { qos: 1 });
  }
  await there.complete(timeout);
  await back.complete(timeout);
  await receiver.client.endAsync();
  await sender.client.endAsync();
});
