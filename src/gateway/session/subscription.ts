import type { Queue } from '../../lmq/spi/types.ts';
import type { Cursor } from './cursor.ts';
import type { Session } from './session.ts';

/** One filter of one session. */
export class Subscription {
  readonly session: Session;
  readonly filter: string;
  readonly queue: Queue;
  /** Granted QoS. */
  qos: number;
  /** Reads the queue; none at QoS 0, which is delivered as it is published. */
  cursor: Cursor | undefined;

  constructor(session: Session, filter: string, queue: Queue, qos: number) {
    this.session = session;
    this.filter = filter;
    this.queue = queue;
    this.qos = qos;
  }
}
