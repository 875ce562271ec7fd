/** Packets to the client that are rare, and so are made by mqtt-packet. Hot ones are encoded in place. */
import { generate, writeToStream } from 'mqtt-packet';
import type { IConnackPacket, IDisconnectPacket } from 'mqtt-packet';
import { ProtocolVersion } from './protocol-version.ts';
import { connectReturnCode, isFailure, subackReturnCode } from './reason-code.ts';
import { ConnectReturnCode } from './reason-code.ts';

// Else mqtt-packet allocates 65,536 buffers with the first packet.
writeToStream.cacheNumbers = false;

export type ConnackProperties = NonNullable<IConnackPacket['properties']>;
export type DisconnectProperties = NonNullable<IDisconnectPacket['properties']>;

/** A CONNACK of MQTT 5 without properties. */
export const BARE_CONNACK_BYTES = 5;

/** Whole PINGRESP (§3.13). */
export const PINGRESP: Buffer = generate({ cmd: 'pingresp' });

/**
 * CONNACK (§3.2). A reason code that MQTT 3.1.1 has no return code for becomes 3, server unavailable;
 * ask `connectReturnCode` first where the connection must be closed instead. A refusal never says
 * session present [MQTT-3.2.2-4], and MQTT 3.1 does not know it.
 * @param properties MQTT 5 only
 */
export function encodeConnack(
  sessionPresent: boolean,
  reasonCode: number,
  version: ProtocolVersion,
  properties?: ConnackProperties,
): Buffer {
  const present = sessionPresent && !isFailure(reasonCode) && version !== ProtocolVersion.MQTT_3_1;
  if (version === ProtocolVersion.MQTT_5) {
    return generate(
      {
        cmd: 'connack',
        sessionPresent: present,
        reasonCode,
        ...(properties === undefined ? {} : { properties }),
      },
      { protocolVersion: version },
    );
  }
  const returnCode = connectReturnCode(reasonCode) ?? ConnectReturnCode.SERVER_UNAVAILABLE;
  return generate({ cmd: 'connack', sessionPresent: present, returnCode });
}

/** SUBACK (§3.9): one code for each filter, in order [MQTT-3.8.4-5]. Before MQTT 5 every failure is 0x80. */
export function encodeSuback(
  packetId: number,
  reasonCodes: readonly number[],
  version: ProtocolVersion,
): Buffer {
  const granted =
    version === ProtocolVersion.MQTT_5 ? [...reasonCodes] : reasonCodes.map(subackReturnCode);
  return generate({ cmd: 'suback', messageId: packetId, granted }, { protocolVersion: version });
}

/** UNSUBACK (§3.11): one code for each filter, in order; none before MQTT 5. */
export function encodeUnsuback(
  packetId: number,
  reasonCodes: readonly number[],
  version: ProtocolVersion,
): Buffer {
  return generate(
    { cmd: 'unsuback', messageId: packetId, granted: [...reasonCodes] },
    { protocolVersion: version },
  );
}

/** DISCONNECT to a client of MQTT 5 (§3.14); servers of older versions just close. */
export function encodeDisconnect(
  reasonCode: number,
  version: typeof ProtocolVersion.MQTT_5,
  properties?: DisconnectProperties,
): Buffer {
  return generate(
    { cmd: 'disconnect', reasonCode, ...(properties === undefined ? {} : { properties }) },
    { protocolVersion: version },
  );
}

/**
 * DISCONNECT with a reason string, which is left out where it does not fit [MQTT-3.14.2-3].
 * @param serverReference servers to use instead (§3.14.2.2.5)
 */
export function encodeFarewell(
  reasonCode: number,
  reasonString: string,
  maximumPacketSize: number,
  serverReference?: string,
): Buffer {
  const reference = serverReference === undefined ? {} : { serverReference };
  const properties = { reasonString, ...reference };
  const packet = encodeDisconnect(reasonCode, ProtocolVersion.MQTT_5, properties);
  if (packet.length <= maximumPacketSize) return packet;
  const bare = encodeDisconnect(reasonCode, ProtocolVersion.MQTT_5);
  if (serverReference === undefined) return bare;
  const short = encodeDisconnect(reasonCode, ProtocolVersion.MQTT_5, reference);
  return short.length <= maximumPacketSize ? short : bare;
}

/** CONNACK of a refusal, with the reason as text where that fits [MQTT-3.2.2-19]. */
export function encodeRefusal(
  reasonCode: number,
  version: ProtocolVersion,
  reasonString: string,
  maximumPacketSize: number,
): Buffer {
  if (version === ProtocolVersion.MQTT_5) {
    const packet = encodeConnack(false, reasonCode, version, { reasonString });
    if (packet.length <= maximumPacketSize) return packet;
  }
  return encodeConnack(false, reasonCode, version);
}

/** AUTH to a client that has named a method (§3.15) [MQTT-4.12.0-5]. */
export function encodeAuth(reasonCode: number, method: string, data: Buffer | undefined): Buffer {
  return generate(
    {
      cmd: 'auth',
      reasonCode,
      properties: {
        authenticationMethod: method,
        ...(data === undefined ? {} : { authenticationData: data }),
      },
    },
    { protocolVersion: ProtocolVersion.MQTT_5 },
  );
}
