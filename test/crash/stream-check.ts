/** A payload says which publisher sent it to which topic as which message of that pair. */
export function payloadOf(publisher: string, topic: string, sequence: number): string {
  return `${publisher} ${topic} ${sequence}`;
}

/**
 * Follows the messages of each publisher and topic at one subscriber. First occurrences must come as
 * 1, 2, 3 …; repetitions are allowed only where the QoS of delivery allows them.
 */
export class StreamCheck {
  readonly #streams = new Map<string, number>();
  readonly #onViolation: (text: string) => void;
  received = 0;
  repeated = 0;

  constructor(onViolation: (text: string) => void) {
    this.#onViolation = onViolation;
  }

  accept(topic: string, payload: string, qos: number): void {
    const [publisher = '', publishedTopic = '', number = ''] = payload.split(' ');
    const sequence = Number(number);
    if (publishedTopic !== topic) this.#onViolation(`${payload} came with the topic ${topic}`);
    const key = `${publisher} ${topic}`;
    const last = this.#streams.get(key) ?? 0;
    this.received += 1;
    if (sequence === last + 1) {
      this.#streams.set(key, sequence);
    } else if (sequence > last) {
      this.#onViolation(`${key}: ${sequence} came after ${last}`);
      this.#streams.set(key, sequence);
    } else {
      this.repeated += 1;
      if (qos === 2) this.#onViolation(`${key}: ${sequence} came twice at QoS 2 (last ${last})`);
    }
  }

  /** Number of the last message in order of a publisher and topic. */
  last(publisher: string, topic: string): number {
    return this.#streams.get(`${publisher} ${topic}`) ?? 0;
  }
}
