import type { ServiceError } from '@grpc/grpc-js';
import type {
  GetNodesResponse,
  KeptFilter,
  ListFiltersResponse,
  StoreAdminMethods,
} from './messages/storeadmin-v1.ts';
import { loadService, type RpcService } from './proto.ts';
import { RpcClient, type RpcClientOptions } from './rpc-client.ts';
import { rpcErrorOf, RpcError, RpcStatus } from './rpc-status.ts';

export type { GatewayNode, KeptFilter } from './messages/storeadmin-v1.ts';

const TIMEOUT_MS = 10_000;
/** Filters, and uses of them, that one request brings; a filter with more uses goes alone. */
const FILTERS_AT_ONCE = 1_000;
const USES_AT_ONCE = 10_000;

/** One store as the admin tool sees it. Its methods reject with RpcError. */
export class StoreAdminClient {
  readonly #client: RpcClient;
  readonly #options: RpcClientOptions;
  readonly #service: RpcService<StoreAdminMethods> = loadService<StoreAdminMethods>(
    'lmqtt.storeadmin.v1.StoreAdmin',
  );

  constructor(options: RpcClientOptions) {
    this.#options = options;
    this.#client = new RpcClient(options);
  }

  /** The gateways that the store counts as living, and what it requires of those that come. */
  getNodes(): Promise<GetNodesResponse> {
    return this.#client.unary(this.#service.getNodes, {}, { timeoutMs: TIMEOUT_MS });
  }

  /** @returns what is required now, durably: it never becomes less */
  async requireGeneration(generation: number): Promise<number> {
    const time = { timeoutMs: TIMEOUT_MS };
    const answer = await this.#client.unary(this.#service.requireGeneration, { generation }, time);
    return answer.requiredGeneration;
  }

  /** Wildcard filters that are pinned or have durable uses. */
  listFilters(): Promise<readonly KeptFilter[]> {
    const call = this.#client.serverStream(this.#service.listFilters, {});
    const filters: KeptFilter[] = [];
    return new Promise((resolve, reject) => {
      const silence = (): void => {
        call.cancel();
        reject(new RpcError(RpcStatus.DEADLINE_EXCEEDED, `${this.#client.address}: no answer`));
      };
      let timer = this.#options.clock.after(TIMEOUT_MS, silence, true);
      call.on('data', (some: ListFiltersResponse) => {
        timer.cancel();
        timer = this.#options.clock.after(TIMEOUT_MS, silence, true);
        for (const filter of some.filters) filters.push(filter);
      });
      call.on('error', (error: ServiceError) => {
        timer.cancel();
        reject(rpcErrorOf(error, this.#client.address));
      });
      call.on('end', () => {
        timer.cancel();
        resolve(filters);
      });
    });
  }

  /** Registers filters, each with at least these durable uses; durable when it resolves. */
  async importFilters(filters: readonly KeptFilter[]): Promise<void> {
    for (let at = 0; at < filters.length;) {
      const some: KeptFilter[] = [];
      let uses = 0;
      for (; at < filters.length && some.length < FILTERS_AT_ONCE; at++) {
        const filter = filters[at] as KeptFilter;
        uses += filter.durableUses;
        if (uses > USES_AT_ONCE && some.length > 0) break;
        some.push(filter);
      }
      const time = { timeoutMs: TIMEOUT_MS };
      await this.#client.unary(this.#service.importFilters, { filters: some }, time);
    }
  }

  close(): void {
    this.#client.close();
  }
}
