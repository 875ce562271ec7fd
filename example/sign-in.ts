// Connects to the gateway and signs in: the password is Base64(HMAC-SHA1(secretKey, clientId)).
import type { Buffer } from 'node:buffer';
import Base64 from 'crypto-js/enc-base64.js';
import hmacSha1 from 'crypto-js/hmac-sha1.js';
import mqtt from 'mqtt';
import type { IPublishPacket, MqttClient } from 'mqtt';
import type { Settings } from './settings.ts';

export interface Message {
  topic: string;
  text: string;
  qos: 0 | 1 | 2;
}

export interface SignInOptions {
  clientId: string;
  /** False keeps subscriptions and the backlog while the client is away. */
  clean?: boolean;
  onMessage?: (message: Message) => void;
}

export interface SignedIn {
  client: MqttClient;
  /** True when the gateway had kept the session. */
  sessionPresent: boolean;
}

/** The password of a client: it proves the secret key without sending it. */
export function signature(secretKey: string, clientId: string): string {
  return Base64.stringify(hmacSha1(clientId, secretKey));
}

/** Rejects when the gateway cannot be reached or refuses the client; reconnects later on. */
export function signIn(settings: Settings, options: SignInOptions): Promise<SignedIn> {
  const { clientId, clean = true, onMessage } = options;
  const { host, port, username, password } = settings;
  const client = mqtt.connect({
    host,
    port,
    clientId,
    clean,
    keepalive: 60,
    ...(username === undefined ? {} : { username, password: signature(password, clientId) }),
  });
  // Registered before the connection is up: a backlog may follow the CONNACK in the same segment.
  client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) => {
    onMessage?.({ topic, text: payload.toString('utf8'), qos: packet.qos });
  });
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => {
      client.end(true);
      reject(error);
    };
    const closed = (): void => {
      refused(new Error(`no connection to ${host}:${String(port)}`));
    };
    client.once('error', refused);
    client.once('close', closed);
    client.once('connect', ({ sessionPresent }) => {
      client.off('error', refused);
      client.off('close', closed);
      client.on('error', (error: Error) => {
        console.error(`${clientId}: ${error.message}`);
      });
      resolve({ client, sessionPresent });
    });
  });
}
