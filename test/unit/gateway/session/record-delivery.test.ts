import { expect } from 'chai';
import { LARGEST_PACKET } from '../../../../src/gateway/codec/connect-packet.ts';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import {
  PLAIN_OPTIONS,
  type DeliveryOptions,
} from '../../../../src/gateway/session/delivery-options.ts';
import { RecordDelivery } from '../../../../src/gateway/session/record-delivery.ts';
import type { SessionLink } from '../../../../src/gateway/session/session.ts';
import {
  NO_EXPIRY,
  RECORD_RETAIN,
  recordSize,
  writeRecord,
} from '../../../../src/lmq/spi/record.ts';
import { FakeClock } from '../fake-clock.ts';

const QOS_1 = 1;
const TOPIC = Buffer.from('a/b');
const PAYLOAD = Buffer.from('payload');
const NOTHING = Buffer.alloc(0);

/** A clock that tells how often it was looked at. */
class CountingClock extends FakeClock {
  looks = 0;

  override now(): number {
    this.looks++;
    return super.now();
  }
}

class Link implements SessionLink {
  readonly out = new OutBuffer();
  readonly version = ProtocolVersion.MQTT_5;
  readonly maximumPacketSize: number;
  readonly outgoingAliases = undefined;
  readonly congested = false;
  flushes = 0;

  constructor(maximumPacketSize: number = LARGEST_PACKET) {
    this.maximumPacketSize = maximumPacketSize;
  }

  flush(): void {
    // Nothing is written.
  }

  wantFlush(): void {
    this.flushes++;
  }

  takenOver(): void {
    // There is one connection.
  }

  storeFailed(): void {
    // There is no store.
  }

  sent(): string {
    const parts: Buffer[] = [];
    this.out.drainTo((slab, length) => {
      parts.push(Buffer.from(slab.subarray(0, length)));
    });
    return Buffer.concat(parts).toString('latin1');
  }
}

describe('gateway: delivery of one record', () => {
  let clock: CountingClock;
  let stats: GatewayStats;
  let delivery: RecordDelivery;

  beforeEach(() => {
    clock = new CountingClock(1_700_000_000_000);
    stats = new GatewayStats();
    delivery = new RecordDelivery(stats, clock);
  });

  /** A record that is stored now. */
  function record(expirySeconds = NO_EXPIRY, flags = QOS_1): Buffer {
    const buffer = Buffer.alloc(recordSize(TOPIC.length, 0, 0, PAYLOAD.length));
    const now = clock.now();
    clock.looks = 0;
    const [high, low] = [Math.floor(now / 2 ** 32), now % 2 ** 32];
    const { length } = PAYLOAD;
    writeRecord(
      buffer,
      0,
      flags,
      TOPIC,
      NOTHING,
      NOTHING,
      expirySeconds,
      high,
      low,
      PAYLOAD,
      0,
      length,
    );
    return buffer;
  }

  function options(changes: Partial<DeliveryOptions>): { options: DeliveryOptions } {
    return { options: { ...PLAIN_OPTIONS, ...changes } };
  }

  it('is not for a record that has expired, which is counted [MQTT-3.3.2-5]', () => {
    const buffer = record(10);
    clock.advance(9_999);
    expect([delivery.isExpired(buffer, 0), stats.messagesExpired]).to.deep.equal([false, 0]);
    clock.advance(1);
    expect([delivery.isExpired(buffer, 0), stats.messagesExpired]).to.deep.equal([true, 1]);
  });

  it('looks at the clock once in a batch, and not for records that do not expire', () => {
    const buffer = record(10);
    const lasting = record();
    delivery.beginBatch();
    delivery.isExpired(lasting, 0);
    expect(clock.looks).to.equal(0);
    for (let i = 0; i < 3; i++) delivery.isExpired(buffer, 0);
    expect(clock.looks).to.equal(1);
    clock.advance(10_000);
    expect(delivery.isExpired(buffer, 0)).to.equal(false);
    delivery.endBatch();
    expect(delivery.isExpired(buffer, 0)).to.equal(true);
  });

  it('has RETAIN of the record where the subscription asks for it [MQTT-3.3.1-13]', () => {
    const buffer = record(NO_EXPIRY, QOS_1 | RECORD_RETAIN);
    const asPublished = options({ retainAsPublished: true });
    expect(delivery.firstByte(options({}), 1, buffer, 0)).to.equal(0x32);
    expect(delivery.firstByte(asPublished, 1, buffer, 0)).to.equal(0x33);
    expect(delivery.firstByte(asPublished, 0, record(), 0)).to.equal(0x30);
  });

  it('counts the identifier of the subscription and the expiry into the size [MQTT-3.1.2-25]', () => {
    // Fixed header 2, topic 5, packet identifier 2, no properties 1, payload 7
    const plain = 17;
    const cases = [
      [options({}), NO_EXPIRY, plain],
      [options({ subscriptionId: 5 }), NO_EXPIRY, plain + 2],
      [options({ subscriptionId: 5 }), 10, plain + 7],
    ] as const;
    for (const [subscriber, expiry, size] of cases) {
      const buffer = record(expiry);
      const fits = (maximum: number): boolean =>
        !delivery.isTooLarge(subscriber, new Link(maximum), 0x32, buffer, 0);
      expect([fits(size), fits(size - 1)], String(size)).to.deep.equal([true, false]);
    }
    expect(stats.messagesTooLarge).to.equal(3);
  });

  it('is sent with the expiry that is left, counted, and flushed [MQTT-3.3.2-6]', () => {
    const link = new Link();
    const buffer = record(10);
    clock.advance(3_500);
    delivery.send(options({}), link, 0x32, 0x0102, buffer, 0);
    expect(link.sent()).to.equal('2\x14\0\x03a/b\x01\x02\x05\x02\0\0\0\x07payload');
    expect(link.flushes).to.equal(1);
    expect(stats).to.include({ messagesSent: 1, payloadBytesSent: 7 });
  });

  it('gives a record as it is where there are no hooks', () => {
    const buffer = record();
    expect(delivery.isHooked).to.equal(false);
    expect(delivery.outgoing(options({}), new Link(), 0x32, buffer, 0)).to.equal(buffer);
  });
});
