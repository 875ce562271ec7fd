/** What the members of one shared group have received together. */
export class SharedCheck {
  readonly #name: string;
  readonly #qos: 1 | 2;
  readonly #violation: (text: string) => void;
  readonly #received = new Set<string>();
  /** Received more than once: at QoS 1 a crash may lead to that. */
  repeated = 0;

  constructor(name: string, qos: 1 | 2, violation: (text: string) => void) {
    this.#name = name;
    this.#qos = qos;
    this.#violation = violation;
  }

  get received(): number {
    return this.#received.size;
  }

  accept(payload: string, qos: number): void {
    if (!this.#received.has(payload)) {
      this.#received.add(payload);
      return;
    }
    this.repeated += 1;
    // What was published at QoS 1 is at QoS 1 for every member.
    if (qos === 2 && this.#qos === 2) this.#violation(`${this.#name}: ${payload} came twice`);
  }

  has(payload: string): boolean {
    return this.#received.has(payload);
  }
}
