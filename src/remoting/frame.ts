import { decodeJsonHeader, encodeJsonHeader } from './json-header.ts';
import type { RemotingCommand } from './remoting-command.ts';
import { SerializeType } from './remoting-command.ts';
import { RemotingProtocolError } from './remoting-error.ts';
import { decodeRocketmqHeader, encodeRocketmqHeader } from './rocketmq-header.ts';

/**
 * A frame:
 * ```
 * 0  i32  length of everything after this field
 * 4  u8   serialize type
 * 5  u24  header length
 * 8  header · body
 * ```
 */
export const LENGTH_BYTES = 4;
export const FRAME_PREFIX_BYTES = 8;
const HEADER_MARK_BYTES = 4;

/** Largest whole frame, its length field included (`com.rocketmq.remoting.frameMaxLength`). */
export const DEFAULT_MAX_FRAME_BYTES: number = 16 * 1024 * 1024;

/** @throws RemotingProtocolError when the command does not fit a frame of `maxFrameBytes` */
export function encodeFrame(
  command: RemotingCommand,
  maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES,
): Buffer {
  const header =
    command.serializeType === SerializeType.JSON
      ? encodeJsonHeader(command)
      : encodeRocketmqHeader(command);
  const bodyBytes = command.body?.length ?? 0;
  const frameBytes = FRAME_PREFIX_BYTES + header.length + bodyBytes;
  if (frameBytes > maxFrameBytes) {
    throw new RemotingProtocolError(
      `frame of ${String(frameBytes)} bytes is over the limit of ${String(maxFrameBytes)}`,
    );
  }
  const frame = Buffer.allocUnsafe(frameBytes);
  frame.writeInt32BE(frameBytes - LENGTH_BYTES, 0);
  frame[4] = command.serializeType;
  frame.writeUIntBE(header.length, 5, 3);
  header.copy(frame, FRAME_PREFIX_BYTES);
  command.body?.copy(frame, FRAME_PREFIX_BYTES + header.length);
  return frame;
}

/**
 * Size of the whole frame that begins at `position`, from its length field.
 * @throws RemotingProtocolError when it is impossible or over `maxFrameBytes`
 */
export function frameSize(buffer: Buffer, position: number, maxFrameBytes: number): number {
  const length = buffer.readInt32BE(position);
  if (length < HEADER_MARK_BYTES) {
    throw new RemotingProtocolError(`frame length ${String(length)} is too small`);
  }
  if (length + LENGTH_BYTES > maxFrameBytes) {
    throw new RemotingProtocolError(
      `frame of ${String(length + LENGTH_BYTES)} bytes is over the limit of ${String(maxFrameBytes)}`,
    );
  }
  return length + LENGTH_BYTES;
}

/**
 * Checks the first eight bytes of a frame of `frameBytes` and returns its header length.
 * @throws RemotingProtocolError for an unknown serialize type or a header longer than the frame
 */
export function checkedHeaderBytes(buffer: Buffer, position: number, frameBytes: number): number {
  const serializeType = buffer.readUInt8(position + 4);
  if (serializeType !== SerializeType.JSON && serializeType !== SerializeType.ROCKETMQ) {
    throw new RemotingProtocolError(`unknown serialize type ${String(serializeType)}`);
  }
  const headerBytes = buffer.readUIntBE(position + 5, 3);
  if (headerBytes > frameBytes - FRAME_PREFIX_BYTES) {
    throw new RemotingProtocolError(
      `bad header length ${String(headerBytes)} in a frame of ${String(frameBytes)} bytes`,
    );
  }
  return headerBytes;
}

/**
 * Decodes one whole frame. Nothing of the result refers to `frame`.
 * @throws RemotingProtocolError when it is malformed
 */
export function decodeFrame(frame: Buffer): RemotingCommand {
  const headerBytes = checkedHeaderBytes(frame, 0, frame.length);
  const bodyStart = FRAME_PREFIX_BYTES + headerBytes;
  const header = frame.subarray(FRAME_PREFIX_BYTES, bodyStart);
  const body = bodyStart === frame.length ? undefined : Buffer.from(frame.subarray(bodyStart));
  return frame[4] === SerializeType.JSON
    ? decodeJsonHeader(header, body)
    : decodeRocketmqHeader(header, body);
}
