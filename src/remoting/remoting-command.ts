import type { Language } from './language-code.ts';
import { OWN_LANGUAGE } from './language-code.ts';

/** How the header of one frame is written; the fifth byte of the frame. */
export const SerializeType = { JSON: 0, ROCKETMQ: 1 } as const;
export type SerializeType = (typeof SerializeType)[keyof typeof SerializeType];

/** `MQVersion` ordinal of RocketMQ 5.3.3, the version whose protocol is spoken here. */
const PROTOCOL_VERSION = 479;

export const RESPONSE_FLAG = 0b01;
export const ONEWAY_FLAG = 0b10;

/** One request or response of RocketMQ Remoting. */
export interface RemotingCommand {
  readonly serializeType: SerializeType;
  /** Request code, or response code when the response flag is set. */
  readonly code: number;
  readonly language: Language;
  readonly version: number;
  /** Chosen by the requester, repeated in the response. */
  readonly opaque: number;
  readonly flag: number;
  /** Reason of a failure; an empty one counts as none. */
  readonly remark: string | undefined;
  /** A Map, because the names come from the peer. */
  readonly extFields: ReadonlyMap<string, string>;
  /** Undefined when empty. */
  readonly body: Buffer | undefined;
}

/** What a request processor answers; the server adds what correlates it. */
export interface RemotingAnswer {
  readonly code: number;
  readonly remark?: string;
  readonly extFields?: ReadonlyMap<string, string>;
  readonly body?: Buffer;
}

export interface RemotingRequest {
  readonly code: number;
  readonly extFields?: ReadonlyMap<string, string>;
  readonly body?: Buffer;
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map();

export function isResponse(command: RemotingCommand): boolean {
  return (command.flag & RESPONSE_FLAG) !== 0;
}

export function isOneway(command: RemotingCommand): boolean {
  return (command.flag & ONEWAY_FLAG) !== 0;
}

export function requestCommand(
  request: RemotingRequest,
  opaque: number,
  serializeType: SerializeType,
  flag = 0,
): RemotingCommand {
  return {
    serializeType,
    code: request.code,
    language: OWN_LANGUAGE,
    version: PROTOCOL_VERSION,
    opaque,
    flag,
    remark: undefined,
    extFields: request.extFields ?? NO_FIELDS,
    body: request.body,
  };
}

/**
 * The response to `request`, in the serialize type of the request. Java answers in its own configured
 * type instead; a peer can surely read what it sent itself, so we do not make it read another.
 */
export function responseCommand(request: RemotingCommand, answer: RemotingAnswer): RemotingCommand {
  return {
    serializeType: request.serializeType,
    code: answer.code,
    language: OWN_LANGUAGE,
    version: PROTOCOL_VERSION,
    opaque: request.opaque,
    flag: RESPONSE_FLAG,
    remark: answer.remark,
    extFields: answer.extFields ?? NO_FIELDS,
    body: answer.body,
  };
}
