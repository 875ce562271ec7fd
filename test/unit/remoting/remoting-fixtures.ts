import { OWN_LANGUAGE } from '../../../src/remoting/language-code.ts';
import type { RemotingCommand } from '../../../src/remoting/remoting-command.ts';
import { SerializeType } from '../../../src/remoting/remoting-command.ts';

/** A command with defaults for what a test does not care about. */
export function aCommand(parts: Partial<RemotingCommand> = {}): RemotingCommand {
  return {
    serializeType: SerializeType.JSON,
    code: 100,
    language: OWN_LANGUAGE,
    version: 479,
    opaque: 1,
    flag: 0,
    remark: undefined,
    extFields: new Map(),
    body: undefined,
    ...parts,
  };
}

/**
 * Request 100 with namespace LMQ, key k and value é in a binary header, written by hand from the layout
 * of RocketMQSerializable: code, language OTHER, version 479, opaque 258, flag, no remark, ext block.
 */
export const BINARY_PUT_FRAME: Buffer = Buffer.from(
  [
    '00000042', // 66 bytes follow: 4 + 62 + 0
    '0100003e', // ROCKETMQ, header of 62 bytes: 13 + 4 + 4 + 41
    '0064', // code 100
    '07', // OTHER
    '01df', // 479
    '00000102', // opaque 258
    '00000000', // flag
    '00000000', // no remark
    '00000029', // 41 bytes of ext fields: 18 + 10 + 13
    `0009${Buffer.from('namespace').toString('hex')}00000003${Buffer.from('LMQ').toString('hex')}`,
    `0003${Buffer.from('key').toString('hex')}000000016b`,
    `0005${Buffer.from('value').toString('hex')}00000002c3a9`,
  ].join(''),
  'hex',
);

/** The same request in a JSON header, with a body of two bytes. */
const JSON_PUT_HEADER =
  '{"code":100,"extFields":{"namespace":"LMQ","key":"k","value":"é"},"flag":0,' +
  '"language":"OTHER","opaque":258,"serializeTypeCurrentRPC":"JSON","version":479}';
export const JSON_PUT_FRAME: Buffer = Buffer.concat([
  Buffer.from('000000a1', 'hex'), // 161 bytes follow: 4 + 155 + 2
  Buffer.from('0000009b', 'hex'), // JSON, header of 155 bytes
  Buffer.from(JSON_PUT_HEADER),
  Buffer.from('hi'),
]);

export const PUT_FIELDS: ReadonlyMap<string, string> = new Map([
  ['namespace', 'LMQ'],
  ['key', 'k'],
  ['value', 'é'],
]);
