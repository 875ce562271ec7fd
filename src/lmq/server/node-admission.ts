import { NO_GENERATION } from '../../common/store-table.ts';
import { RpcStatus } from '../../rpc/rpc-status.ts';
import type { NodeDepartures } from './node-departures.ts';
import { STORE_PROTOCOL_VERSION, type NodeHello } from './node-hello.ts';
import type { NodeTable } from './node-table.ts';
import { frameOf, type NodeLink } from './outbox.ts';
import { Refusal } from './refusal.ts';
import type { RequiredGeneration } from './required-generation.ts';
import type { ServerNode } from './server-node.ts';

export interface AdmissionLimits {
  readonly maxNodes: number;
  readonly leaseMs: number;
  readonly minLeaseMs: number;
}

/** Decides on hellos: who is new, who is back, and who has to begin anew. */
export class NodeAdmission {
  readonly #nodes: NodeTable;
  readonly #required: RequiredGeneration;
  readonly #departures: NodeDepartures;
  readonly #limits: AdmissionLimits;

  constructor(
    { nodes, generation }: { nodes: NodeTable; generation: RequiredGeneration },
    departures: NodeDepartures,
    limits: AdmissionLimits,
  ) {
    this.#nodes = nodes;
    this.#required = generation;
    this.#departures = departures;
    this.#limits = limits;
  }

  /**
   * The node of a hello, which has this stream now, or undefined when it was told that it is fenced.
   * @throws Refusal when it cannot be taken
   */
  admit({ first }: NodeHello, link: NodeLink, now: number): ServerNode | undefined {
    const { minVersion, maxVersion, nodeId, resumes } = first;
    if (minVersion > STORE_PROTOCOL_VERSION || maxVersion < STORE_PROTOCOL_VERSION) {
      const spoken = `${String(minVersion)} to ${String(maxVersion)}`;
      const message = `the node speaks versions ${spoken}, the store ${String(STORE_PROTOCOL_VERSION)}`;
      throw new Refusal(RpcStatus.FAILED_PRECONDITION, message);
    }
    let node = this.#nodes.get(nodeId);
    if (node === undefined && resumes) {
      const reason = 'the store does not know the node any more';
      link.write(frameOf({ fenced: { reason } }), reason.length);
      link.end();
      return undefined;
    }
    const generation = first.generation ?? NO_GENERATION;
    this.#checkGeneration(generation);
    if (node === undefined) node = this.#create(first.nodeName, nodeId, first.leaseMs, now);
    else this.#resume(node, first.leaseMs);
    node.link = link;
    node.lastSeen = now;
    node.isExpected = false;
    node.generation = generation;
    node.activeGeneration = first.activeGeneration ?? NO_GENERATION;
    return node;
  }

  #checkGeneration(generation: number): void {
    const required = this.#required.current;
    if (generation >= required) return;
    const followed =
      generation === NO_GENERATION ? 'no table of stores' : `generation ${String(generation)}`;
    const message = `the gateway follows ${followed}, the store requires generation ${String(required)}`;
    throw new Refusal(RpcStatus.FAILED_PRECONDITION, message);
  }

  #create(name: string, id: string, leaseMs: number, now: number): ServerNode {
    this.#retireNamesake(name);
    if (this.#nodes.size >= this.#limits.maxNodes) {
      const message = `the store has ${String(this.#nodes.size)} gateway nodes, its limit`;
      throw new Refusal(RpcStatus.RESOURCE_EXHAUSTED, message);
    }
    return this.#nodes.create(id, name, this.#leaseOf(leaseMs), now);
  }

  #resume(node: ServerNode, leaseMs: number): void {
    const before = node.link;
    this.#departures.leave(node);
    before?.fail(RpcStatus.ABORTED, 'the node has attached anew');
    node.leaseMs = this.#leaseOf(leaseMs);
    this.#nodes.save(node);
  }

  #leaseOf(wished: number): number {
    const { leaseMs, minLeaseMs } = this.#limits;
    return wished === 0 ? leaseMs : Math.max(minLeaseMs, Math.min(wished, leaseMs));
  }

  /** A gateway that was started again need not wait for the lease of its former life. */
  #retireNamesake(name: string): void {
    if (name === '') return;
    for (const node of [...this.#nodes.all]) {
      if (node.name === name && node.link === undefined) {
        this.#departures.die(node, 'started again');
      }
    }
  }
}
