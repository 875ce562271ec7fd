import { decodeConnect } from '../../../../src/gateway/codec/connect-packet.ts';
import { packet, protocolErrorOf } from './packets.ts';

export const CONNECT = 0x10;

export const V4: Buffer = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4]);

export const V5: Buffer = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 5]);

export const KEEP_ALIVE: number[] = [0, 60];

/** CONNECT of MQTT 5 with client id `c` and these properties. */
export const connect5 = (...properties: number[]): Buffer =>
  packet(CONNECT, V5, [2], KEEP_ALIVE, [properties.length, ...properties], 'c');

export const reasonOf = (frame: Buffer): number =>
  protocolErrorOf(() => decodeConnect(frame)).reasonCode;
