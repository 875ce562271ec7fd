/** Messages of proto/lmqtt/storeadmin/v1/storeadmin.proto, where they are explained. Generated: npm run proto. */

export interface StoreAdminMethods {
  readonly getConsumerProgress: {
    readonly kind: 'unary';
    readonly request: GetConsumerProgressRequest;
    readonly response: GetConsumerProgressResponse;
  };
  readonly getNodes: {
    readonly kind: 'unary';
    readonly request: GetNodesRequest;
    readonly response: GetNodesResponse;
  };
  readonly requireGeneration: {
    readonly kind: 'unary';
    readonly request: RequireGenerationRequest;
    readonly response: RequireGenerationResponse;
  };
  readonly listFilters: {
    readonly kind: 'serverStream';
    readonly request: ListFiltersRequest;
    readonly response: ListFiltersResponse;
  };
  readonly importFilters: {
    readonly kind: 'unary';
    readonly request: ImportFiltersRequest;
    readonly response: ImportFiltersResponse;
  };
}

export interface GetConsumerProgressRequest {
  readonly consumer: string;
}

export interface GetConsumerProgressResponse {
  readonly queues: readonly QueueProgress[];
  readonly isCut: boolean;
}

export interface QueueProgress {
  readonly queue: string;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly consumerOffset: number;
}

export type GetNodesRequest = Readonly<Record<string, never>>;

export interface GetNodesResponse {
  readonly nodes: readonly GatewayNode[];
  readonly requiredGeneration: number;
  readonly storeId: string;
  readonly recordsStored: number;
}

export interface GatewayNode {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly generation: number;
  readonly isAttached: boolean;
  readonly activeGeneration: number;
}

export interface RequireGenerationRequest {
  readonly generation: number;
}

export interface RequireGenerationResponse {
  readonly requiredGeneration: number;
}

export type ListFiltersRequest = Readonly<Record<string, never>>;

export interface ListFiltersResponse {
  readonly filters: readonly KeptFilter[];
}

export interface KeptFilter {
  readonly filter: string;
  readonly pinned: boolean;
  readonly durableUses: number;
}

export interface ImportFiltersRequest {
  readonly filters: readonly KeptFilter[];
}

export type ImportFiltersResponse = Readonly<Record<string, never>>;
