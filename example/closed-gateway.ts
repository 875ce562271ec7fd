// A closed gateway (autoCreateTopic=false, autoCreateWildcard=false): an operator registers a first
// topic and a wildcard with bin/mqadmin; whatever is not registered is refused.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Arrivals, textOf } from './arrivals.ts';
import { runExample } from './run-example.ts';
import { signIn } from './sign-in.ts';
import type { Settings } from './settings.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../bin/mqadmin', import.meta.url));
const firstTopics = ['-s', 'LMQ', '-k', 'ALL_FIRST_TOPICS'];

async function mqadmin(settings: Settings, ...args: string[]): Promise<string> {
  console.log(`$ bin/mqadmin ${args.join(' ')}`);
  const { stdout } = await run('sh', [program, ...args, '-n', settings.namesrv]);
  process.stdout.write(stdout);
  return stdout.trim();
}

/** The registered first topics; none when the key is not there yet. */
async function registered(settings: Settings): Promise<string[]> {
  const list = await mqadmin(settings, 'listKvConfig', '-s', 'LMQ').catch((error: unknown) => {
    if (String(error).includes('no keys')) return '';
    throw error;
  });
  const line = list.split('\n').find((entry) => entry.startsWith('ALL_FIRST_TOPICS='));
  const [, value = ''] = line?.split('=') ?? [];
  return value.split(',').filter((name) => name !== '');
}

async function subscribeRefused(settings: Settings, filter: string): Promise<void> {
  const { client } = await signIn(settings, { clientId: 'recv05' });
  const outcome = await client.subscribeAsync(filter, { qos: 1 }).then(
    () => undefined,
    (error: unknown) => error,
  );
  await client.endAsync();
  if (outcome === undefined) {
    throw new Error(
      `subscribing to ${filter} was not refused: see "Closed gateway" in example/README.md`,
    );
  }
  console.log(`subscribing to ${filter} is refused`);
}

/** MQTT 3.1.1 knows no refusal of a PUBLISH: the gateway closes the connection. */
async function publishRefused(settings: Settings, topic: string): Promise<void> {
  const { client } = await signIn(settings, { clientId: 'send05' });
  const closed = new Promise<string>((resolve) => {
    client.once('close', () => {
      resolve('closed');
    });
  });
  const published = client.publishAsync(topic, 'hello', { qos: 1 }).then(() => 'published');
  const outcome = await Promise.race([closed, published]);
  published.catch(() => undefined); // the client gives it up when it ends
  await client.endAsync(true);
  if (outcome === 'published') throw new Error(`publishing to ${topic} was not refused`);
  console.log(`publishing to ${topic} is refused: the connection was closed`);
}

async function exchange(settings: Settings, topic: string, filter: string): Promise<void> {
  const arrivals = new Arrivals('recv05', settings.messages);
  const receiver = await signIn(settings, { clientId: 'recv05', onMessage: arrivals.accept });
  await receiver.client.subscribeAsync(filter, { qos: 1 });
  const sender = await signIn(settings, { clientId: 'send05' });
  for (let number = 1; number <= settings.messages; number++) {
    await sender.client.publishAsync(`${topic}/r/wc`, textOf('r/wc', number), { qos: 1 });
  }
  await arrivals.complete(settings.timeout);
  await sender.client.endAsync();
  await receiver.client.endAsync();
}

await runExample(3, async (settings) => {
  const topic = `${settings.topic}-new`;
  const filter = `${topic}/r/+`;
  await subscribeRefused(settings, `${topic}/r/wc`);
  await publishRefused(settings, `${topic}/r/wc`);

  const before = await registered(settings);
  const all = [...before, topic].join(',');
  await mqadmin(settings, 'updateKvConfig', ...firstTopics, '-v', all);
  await subscribeRefused(settings, filter); // the topic is known, the wildcard is not
  await mqadmin(settings, 'updateKvConfig', '-s', 'LMQ', '-k', topic, '-v', filter);
  await exchange(settings, topic, filter);

  // As it was, so that the example can run again.
  await mqadmin(settings, 'deleteKvConfig', '-s', 'LMQ', '-k', topic);
  if (before.length > 0) {
    await mqadmin(settings, 'updateKvConfig', ...firstTopics, '-v', before.join(','));
  } else {
    await mqadmin(settings, 'deleteKvConfig', ...firstTopics);
  }
  await subscribeRefused(settings, `${topic}/r/wc`);
});
