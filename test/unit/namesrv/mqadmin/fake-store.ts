import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import type {
  GatewayNode,
  KeptFilter,
  QueueProgress,
  StoreAdminMethods,
} from '../../../../src/rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../../../src/rpc/proto.ts';
import { RpcServer } from '../../../../src/rpc/rpc-server.ts';

/** A store of which the test says what it has. */
export class FakeStore {
  nodes: GatewayNode[] = [];
  required = 0;
  records = 0;
  readonly filters: Map<string, KeptFilter> = new Map();
  onList: () => void = () => undefined;
  /** By consumer. */
  readonly progress: Map<string, readonly QueueProgress[]> = new Map();
  readonly rpc: RpcServer = new RpcServer({
    host: '127.0.0.1',
    port: 0,
    credentials: {},
    clock: systemClock,
    logger: silentLogger,
  });

  async start(): Promise<string> {
    this.rpc.addService(loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin'), {
      getConsumerProgress: ({ consumer }) => ({
        queues: this.progress.get(consumer) ?? [],
        isCut: false,
      }),
      getNodes: () => ({
        nodes: this.nodes,
        requiredGeneration: this.required,
        storeId: 'id',
        recordsStored: this.records,
      }),
      requireGeneration: ({ generation }) => {
        this.required = Math.max(this.required, generation);
        return { requiredGeneration: this.required };
      },
      listFilters: (call) => {
        call.write({ filters: [...this.filters.values()] });
        call.end();
        this.onList();
      },
      importFilters: ({ filters }) => {
        for (const entry of filters) {
          const known = this.filters.get(entry.filter);
          const durableUses = Math.max(known?.durableUses ?? 0, entry.durableUses);
          this.filters.set(entry.filter, { ...entry, durableUses });
        }
        return {};
      },
    });
    await this.rpc.start();
    return `127.0.0.1:${String(this.rpc.port)}`;
  }

  gateway(
    name: string,
    generation: number,
    isAttached = true,
    activeGeneration: number = generation,
  ): void {
    this.nodes = this.nodes.filter(({ nodeName }) => nodeName !== name);
    const nodeId = `id-${name}`;
    this.nodes.push({ nodeId, nodeName: name, generation, isAttached, activeGeneration });
  }

  filter(filter: string, durableUses: number, pinned = false): void {
    this.filters.set(filter, { filter, durableUses, pinned });
  }
}
