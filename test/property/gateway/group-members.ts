import { connect, puback, pubcomp, pubrec, subscribe, unsubscribe } from '../../helpers/packets.ts';
import type { FakeClient, World } from '../../unit/gateway/gateway-world.ts';

/** Notes what a member has received, at which QoS. */
type Sink = (payload: string, qos: number) => void;

/** A member of a shared group with a stored session, which it takes from gateway to gateway. */
export class GroupMember {
  readonly clientId: string;
  readonly #filter: string;
  readonly #sink: Sink;
  /** QoS 2 identifiers that it has received and that are not released [MQTT-4.3.3-2]. */
  readonly #unreleased = new Set<number>();
  #client: FakeClient | undefined;
  #gateway: World | undefined;

  constructor(clientId: string, filter: string, sink: Sink) {
    this.clientId = clientId;
    this.#filter = filter;
    this.#sink = sink;
  }

  get isConnected(): boolean {
    return this.#client?.closed === false;
  }

  /** Connects, whether it is connected or not; what the connection before brings is not looked at any more. */
  connect(gateway: World): void {
    this.#gateway = gateway;
    this.#client = gateway.open();
    this.send(connect({ clientId: this.clientId, clean: false, keepAlive: 0 }));
  }

  subscribe(): void {
    this.send(subscribe(1, [this.#filter, 2]));
  }

  unsubscribe(): void {
    this.send(unsubscribe(2, this.#filter));
  }

  send(packet: Buffer): void {
    if (this.isConnected) this.#client?.socket.feed(packet);
  }

  lose(): void {
    this.#client?.socket.destroy();
  }

  /** The process of a gateway has ended. */
  gatewayDied(gateway: World): void {
    if (this.#gateway === gateway) this.#client = undefined;
  }

  /** Takes and answers what has come. */
  answer(): void {
    if (!this.isConnected) return;
    for (const packet of this.#client?.take() ?? []) {
      if (packet.type === 'pubrel') {
        this.#unreleased.delete(packet.id);
        this.send(pubcomp(packet.id));
      } else if (packet.type === 'publish') {
        const { id, qos } = packet;
        if (!this.#unreleased.has(id)) this.#sink(packet.payload.toString(), qos);
        if (qos === 2) this.#unreleased.add(id);
        this.send(qos === 2 ? pubrec(id) : puback(id));
      }
    }
  }
}
