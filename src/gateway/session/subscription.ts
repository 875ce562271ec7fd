import type { Queue } from '../../lmq/spi/types.ts';
import type { Cursor } from './cursor.ts';
import { type DeliveryOptions, PLAIN_OPTIONS } from './delivery-options.ts';

/** One filter of one session. */
export class Subscription<Owner> {
  readonly session: Owner;
  readonly filter: string;
  readonly queue: Queue;
  /** Granted QoS. */
  qos: number;
  options: DeliveryOptions;
  /** MQTT 5: 0 sends retained messages, 1 only when new, 2 does not (§3.8.3.1). */
  retainHandling = 0;
  /** Messages come from a shared group, which chooses among its members. */
  isShared = false;
  /** Reads the queue; none at QoS 0, which is delivered as it is published. Of a shared one: always there. */
  cursor: Cursor<Owner> | undefined;

  constructor(
    session: Owner,
    filter: string,
    queue: Queue,
    qos: number,
    options: DeliveryOptions = PLAIN_OPTIONS,
  ) {
    this.session = session;
    this.filter = filter;
    this.queue = queue;
    this.qos = qos;
    this.options = options;
  }
}
