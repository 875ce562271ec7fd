import type { Queue } from '../../lmq/spi/types.ts';
import type { Cursor } from './cursor.ts';

/** One filter of one session. */
export class Subscription<Owner> {
  readonly session: Owner;
  readonly filter: string;
  readonly queue: Queue;
  /** Granted QoS. */
  qos: number;
  /** Reads the queue; none at QoS 0, which is delivered as it is published. */
  cursor: Cursor<Owner> | undefined;

  constructor(session: Owner, filter: string, queue: Queue, qos: number) {
    this.session = session;
    this.filter = filter;
    this.queue = queue;
    this.qos = qos;
  }
}
