import { expect } from 'chai';
import { connect, type MqttClient } from 'mqtt';
import { generate, type IAuthPacket } from 'mqtt-packet';
import { within } from '../helpers/eventually.ts';
import { ScramClient } from '../helpers/scram-client.ts';
import { ScramUsersFile } from '../helpers/scram-users-file.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useInterop } from './interop.ts';

const METHOD = 'SCRAM-SHA-256';
const TIMEOUT_MS = 5_000;

const usersFile = new ScramUsersFile();

/** An MQTT.js client that answers AUTH by SCRAM. */
class ScramMqttJs {
  readonly client: MqttClient;
  #scram: ScramClient;
  #isServer = false;
  #onDone: () => void = () => undefined;

  constructor(port: number, password: string) {
    this.#scram = new ScramClient('user', password);
    this.client = connect({
      host: '127.0.0.1',
      port,
      protocolVersion: 5,
      reconnectPeriod: 0,
      manualConnect: true,
      properties: { authenticationMethod: METHOD, authenticationData: this.#scram.first() },
    });
    this.client.handleAuth = (packet, callback) => {
      const data = packet.properties?.authenticationData ?? Buffer.alloc(0);
      if (packet.reasonCode === 0) {
        this.#isServer = this.#scram.isServer(data);
        this.#onDone();
        callback();
        return;
      }
      callback(undefined, this.#auth(0x18, this.#scram.final(data)));
    };
  }

  /** Signs in; whether the server has proved itself. */
  async connect(): Promise<boolean> {
    const done = new Promise<boolean>((resolve, reject) => {
      this.client.once('connect', (packet) => {
        const data = packet.properties?.authenticationData;
        resolve(Buffer.isBuffer(data) && this.#scram.isServer(data));
      });
      this.client.once('error', reject);
    });
    this.client.connect();
    return within('MQTT.js to sign in', TIMEOUT_MS, done);
  }

  /** Signs in again on the open connection. */
  async connectAgain(): Promise<boolean> {
    this.#scram = new ScramClient('user', 'pencil');
    const done = new Promise<void>((resolve) => (this.#onDone = resolve));
    // MQTT.js has no public call that sends AUTH.
    const { stream } = this.client;
    stream.write(generate(this.#auth(0x19, this.#scram.first()), { protocolVersion: 5 }));
    await within('AUTH', TIMEOUT_MS, done);
    return this.#isServer;
  }

  #auth(reasonCode: number, data: Buffer): IAuthPacket {
    return {
      cmd: 'auth',
      reasonCode,
      properties: { authenticationMethod: METHOD, authenticationData: data },
    };
  }
}

describe('interop: MQTT.js signs in by SCRAM-SHA-256', () => {
  if (isMosquitto) return;
  const interop = useInterop({ environment: { LMQTT_SERVICE_SCRAM_USERS_FILE: usersFile.path } });
  let made: ScramMqttJs | undefined;

  function make(password: string): ScramMqttJs {
    made = new ScramMqttJs(interop.broker.port, password);
    return made;
  }
  afterEach(async () => {
    await made?.client.endAsync(true);
  });

  it('publishes and subscribes, and signs in again on the way [MQTT-4.12.0-5] [MQTT-4.12.1-1]', async () => {
    const scram = make('pencil');
    const { client } = scram;
    expect(await scram.connect()).to.equal(true);
    const messages: string[] = [];
    client.on('message', (_topic, payload) => messages.push(payload.toString()));
    await client.subscribeAsync('scram/#', { qos: 1 });
    await client.publishAsync('scram/a', 'before', { qos: 1 });
    expect(await scram.connectAgain()).to.equal(true);
    await client.publishAsync('scram/a', 'after', { qos: 2 });
    await client.unsubscribeAsync('scram/#');
    expect(messages).to.deep.equal(['before', 'after']);
  });

  it('is refused with a wrong password [MQTT-4.12.0-4]', async () => {
    const failure = await make('wrong')
      .connect()
      .catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.matches(/Not authorized/);
  });

  it('is the only way in: a client without it is refused', async () => {
    const failure = await interop.mqttJs({ protocolVersion: 5 }).catch((error: unknown) => error);
    expect(failure)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.matches(/Not authorized/);
  });
});
