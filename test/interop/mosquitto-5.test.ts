import { spawn, type ChildProcess } from 'node:child_process';
import { expect } from 'chai';
import type { IPublishPacket } from 'mqtt';
import { eventually, within } from '../helpers/eventually.ts';
import { useInterop } from './interop.ts';

const VERSION_5 = ['-V', 'mqttv5'];
const TIMEOUT_MS = 10_000;
/** Payload, content type, response topic, expiry, payload format, subscription identifier, user properties. */
const FORMAT = 'LINE %p|%C|%R|%E|%F|%S|%P';

describe('interop: mosquitto_pub, mosquitto_sub and mosquitto_rr as clients of 5.0', () => {
  const interop = useInterop();
  const children: ChildProcess[] = [];

  afterEach('end the programs', () => {
    for (const child of children.splice(0)) child.kill('SIGTERM');
  });

  /** A program with its output as it comes. */
  function run(program: string, args: readonly string[]): () => string {
    const { host, port } = interop.broker;
    const all = ['-oL', program, ...VERSION_5, '-h', host, '-p', String(port), ...args];
    const child = spawn('stdbuf', all);
    children.push(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return () => output;
  }

  async function shows(output: () => string, text: string): Promise<void> {
    await eventually(text, () => output().includes(text), TIMEOUT_MS).catch((error: unknown) => {
      throw new Error(`not in the output: ${output()}`, { cause: error });
    });
  }

  for (const qos of ['0', '1', '2']) {
    it(`pass properties on at QoS ${qos}`, async () => {
      const topic = interop.name('mosquitto5');
      const subscribe = ['-D', 'subscribe', 'subscription-identifier', '7'];
      const output = run('mosquitto_sub', [
        '-d',
        '-F',
        FORMAT,
        '-t',
        topic,
        '-q',
        qos,
        ...subscribe,
      ]);
      await shows(output, 'Subscribed (mid');
      const properties = [
        ['content-type', 'text/plain'],
        ['response-topic', 'answers/1'],
        ['message-expiry-interval', '600'],
        ['payload-format-indicator', '1'],
        ['user-property', 'b', '1'],
        ['user-property', 'a', '2'],
      ].flatMap((property) => ['-D', 'publish', ...property]);
      await interop.pub([...VERSION_5, '-t', topic, '-m', 'hello', '-q', qos, ...properties]);
      await shows(output, 'LINE hello|text/plain|answers/1|');
      expect(output()).to.match(/LINE hello\|text\/plain\|answers\/1\|(600|59\d)\|1\|7\|b:1 a:2/);
    });

    it(`exchange messages with 3.1.1 at QoS ${qos}`, async () => {
      const topic = interop.name('mosquitto5');
      const old = await interop.sub('-t', topic, '-q', qos);
      const young = await interop.sub(...VERSION_5, '-t', topic, '-q', qos);
      await interop.pub(['-t', topic, '-m', 'from 3.1.1', '-q', qos]);
      await interop.pub([...VERSION_5, '-t', topic, '-m', 'from 5.0', '-q', qos]);
      for (const sub of [old, young]) {
        const messages = await sub.received(2);
        expect(messages.map(({ payload }) => payload.toString())).to.deep.equal([
          'from 3.1.1',
          'from 5.0',
        ]);
      }
    });
  }

  it('mosquitto_rr gets the answer to its request', async () => {
    const own = interop.name('mosquitto5');
    const responder = await interop.mqttJs({ protocolVersion: 5 });
    await responder.client.subscribeAsync(`${own}/ask`, { qos: 1 });
    const request = new Promise<IPublishPacket>((resolve) => {
      responder.client.once('message', (_topic, _payload, packet) => {
        resolve(packet);
      });
    });
    const ask = ['-t', `${own}/ask`, '-e', `${own}/answer`, '-m', 'question', '-q', '1'];
    const output = run('mosquitto_rr', ask);
    const { properties } = await within('a request', TIMEOUT_MS, request);
    expect(properties?.responseTopic).to.equal(`${own}/answer`);
    await responder.client.publishAsync(properties?.responseTopic ?? '', 'the answer', {
      qos: 1,
      properties:
        properties?.correlationData === undefined
          ? {}
          : { correlationData: properties.correlationData },
    });
    await shows(output, 'the answer');
  });

  it('a session with an expiry interval comes back', async () => {
    const topic = interop.name('mosquitto5');
    const session = ['-c', '-i', interop.name('m5'), '-x', '60', '-t', topic, '-q', '1'];
    const first = await interop.sub(...VERSION_5, ...session, '-E');
    await first.ended();
    await interop.pub([...VERSION_5, '-t', topic, '-m', 'kept', '-q', '1']);
    const again = await interop.sub(...VERSION_5, ...session);
    const messages = await again.received(1);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['kept']);
  });
});
