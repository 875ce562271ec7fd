import type { AckByte } from '../codec/ack-byte.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { encodeAck } from '../codec/publish-encoder.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { CommitWaiter } from '../session/commit-waiters.ts';
import { AckQueue } from './ack-queue.ts';
import {
  type AcknowledgementPort,
  ChannelState,
  type ProtocolChannel,
} from './protocol-channel.ts';

/** What the client of one connection is answered, once that is durable which an answer promises. */
export class Acknowledgements implements AcknowledgementPort, CommitWaiter {
  readonly #channel: ProtocolChannel;
  /** What waits for commits; made when something does. */
  #queue: AckQueue | undefined = undefined;

  constructor(channel: ProtocolChannel) {
    this.#channel = channel;
  }

  get pubacks(): number {
    return this.#queue?.pubacks ?? 0;
  }

  after(commit: number, firstByte: AckByte, packetId: number): void {
    this.#queue ??= new AckQueue();
    if (this.#queue.push(firstByte, packetId, commit)) this.#waitFor(commit);
  }

  runAfter(commit: number, packetIds: Uint16Array, count: number): void {
    this.#queue ??= new AckQueue();
    if (this.#queue.pushPubacks(packetIds, count, commit)) this.#waitFor(commit);
  }

  inOrder(firstByte: AckByte, packetId: number, reasonCode = 0): void {
    if (this.#queue !== undefined && this.#queue.size > 0) {
      this.#queue.push(firstByte, packetId, this.#queue.lastCommit, reasonCode);
      return;
    }
    encodeAck(this.#channel.out, firstByte, packetId, reasonCode);
    this.#sent(1);
  }

  onCommit(commit: number, error: Error | undefined): void {
    const channel = this.#channel;
    if (channel.state === ChannelState.CLOSED || this.#queue === undefined) return;
    if (error !== undefined) {
      // Nothing of that commit is stored; MQTT 5 can say so, older versions close.
      if (channel.version === ProtocolVersion.MQTT_5) {
        this.#queue.release(commit, channel.out, ReasonCode.UNSPECIFIED_ERROR);
      }
      channel.storeFailed();
      return;
    }
    const released = this.#queue.release(commit, channel.out);
    if (released > 0) this.#sent(released);
  }

  #sent(count: number): void {
    this.#channel.context.stats.controlPacketsSent += count;
    this.#channel.wantFlush();
  }

  #waitFor(commit: number): void {
    this.#channel.context.waiters.add(commit, this);
    // A commit that is durable at the end of this turn is answered at the end of this turn.
    this.#channel.wantFlush();
  }
}
