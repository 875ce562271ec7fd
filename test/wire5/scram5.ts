import { expect } from 'chai';
import { auth5, connect5, decode5, type Last5 } from '../helpers/packets5.ts';
import { valueOf, type Properties } from '../helpers/properties5.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { ScramClient } from '../helpers/scram-client.ts';
import { ScramUsersFile } from '../helpers/scram-users-file.ts';
import { Client5 } from './client5.ts';
import { useWire5, type Wire5 } from './wire5.ts';

export const SCRAM = 'SCRAM-SHA-256';
export const CONTINUE = 0x18;
export const RE_AUTHENTICATE = 0x19;

export const usersFile: ScramUsersFile = new ScramUsersFile();

/** Method and data, as CONNECT, AUTH and CONNACK have them. */
export function authFields(data?: Buffer, method: string = SCRAM): Properties {
  return data === undefined
    ? [['authMethod', method]]
    : [
        ['authMethod', method],
        ['authData', data],
      ];
}

/** Data of a packet from the server, which must be about SCRAM [MQTT-4.12.0-5]. */
export function authData(list: Properties): Buffer {
  expect(valueOf(list, 'authMethod')).to.equal(SCRAM);
  const data = valueOf(list, 'authData');
  if (!Buffer.isBuffer(data)) throw new Error('no authentication data');
  return data;
}

/** Takes the next packet, which must be an AUTH with this code. */
export async function readAuth(raw: RawClient, code: number): Promise<Last5> {
  const { first, body } = await raw.readFrame();
  const packet = decode5(first, body);
  if (packet.type !== 'auth') throw new Error(`${packet.type} came instead of AUTH`);
  expect(packet.code).to.equal(code);
  return packet;
}

/** A client that has sent CONNECT and received the first AUTH. */
export class Challenged {
  readonly raw: RawClient;
  readonly scram: ScramClient;
  readonly challenge: Buffer;

  constructor(raw: RawClient, scram: ScramClient, challenge: Buffer) {
    this.raw = raw;
    this.scram = scram;
    this.challenge = challenge;
  }

  /** The AUTH that is due. */
  answer(): Buffer {
    return auth5(CONTINUE, authFields(this.scram.final(this.challenge)));
  }

  /** Takes the CONNACK, which must have `code`. */
  async connack(code: number): Promise<Client5> {
    const client = await Client5.accept(this.raw);
    expect(client.connack.code).to.equal(code);
    return client;
  }
}

export async function challenged(
  wire: Wire5,
  username: string,
  password: string,
): Promise<Challenged> {
  const scram = new ScramClient(username, password);
  const raw = await wire.v4.open();
  raw.send(connect5({ clientId: wire.name('scram'), properties: authFields(scram.first()) }));
  const { properties } = await readAuth(raw, CONTINUE);
  return new Challenged(raw, scram, authData(properties));
}

/** A client that has signed in by SCRAM. */
export async function signedIn(wire: Wire5): Promise<Client5> {
  const client = await challenged(wire, 'user', 'pencil');
  client.raw.send(client.answer());
  return client.connack(0);
}

/** Inside a `describe`: a server that knows the user of the file, and lets clients without a method in. */
export function useScramWire(connectTimeoutMs?: number): Wire5 {
  return useWire5({
    environment: {
      LMQTT_SERVICE_SCRAM_USERS_FILE: usersFile.path,
      LMQTT_SERVICE_ALLOW_ANONYMOUS: 'true',
    },
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  });
}
