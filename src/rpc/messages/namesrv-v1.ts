/** Messages of proto/lmqtt/namesrv/v1/namesrv.proto, where they are explained. Generated: npm run proto. */

export interface NamesrvMethods {
  readonly registerStore: {
    readonly kind: 'unary';
    readonly request: RegisterStoreRequest;
    readonly response: RegisterResponse;
  };
  readonly unregisterStore: {
    readonly kind: 'unary';
    readonly request: UnregisterStoreRequest;
    readonly response: UnregisterResponse;
  };
  readonly registerGateway: {
    readonly kind: 'unary';
    readonly request: RegisterGatewayRequest;
    readonly response: RegisterResponse;
  };
  readonly unregisterGateway: {
    readonly kind: 'unary';
    readonly request: UnregisterGatewayRequest;
    readonly response: UnregisterResponse;
  };
  readonly watch: {
    readonly kind: 'serverStream';
    readonly request: WatchRequest;
    readonly response: WatchEvent;
  };
  readonly putKv: {
    readonly kind: 'unary';
    readonly request: PutKvRequest;
    readonly response: KvEntry;
  };
  readonly deleteKv: {
    readonly kind: 'unary';
    readonly request: DeleteKvRequest;
    readonly response: KvEntry;
  };
  readonly getKv: {
    readonly kind: 'unary';
    readonly request: GetKvRequest;
    readonly response: KvEntry;
  };
  readonly listKv: {
    readonly kind: 'unary';
    readonly request: ListKvRequest;
    readonly response: ListKvResponse;
  };
  readonly mergeKv: {
    readonly kind: 'unary';
    readonly request: MergeKvRequest;
    readonly response: MergeKvResponse;
  };
}

export interface Store {
  readonly name: string;
  readonly address: string;
  readonly minProtocolVersion: number;
  readonly protocolVersion: number;
  readonly topics: readonly string[];
  readonly epoch: number;
  readonly version: string;
}

export interface Gateway {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly version: string;
  readonly rpcAddress: string;
  readonly epoch: number;
}

export interface RegisterStoreRequest {
  readonly store?: Store | null | undefined;
}

export interface RegisterGatewayRequest {
  readonly gateway?: Gateway | null | undefined;
}

export interface RegisterResponse {
  readonly renewAfterMs: number;
  readonly leaseMs: number;
}

export interface UnregisterStoreRequest {
  readonly name: string;
  readonly epoch: number;
}

export interface UnregisterGatewayRequest {
  readonly name: string;
  readonly epoch: number;
}

export type UnregisterResponse = Readonly<Record<string, never>>;

export interface Version {
  readonly timeMs: number;
  readonly writer: string;
}

export interface KvEntry {
  readonly namespace: string;
  readonly key: string;
  readonly value?: string | undefined;
  readonly version?: Version | null | undefined;
}

export interface PutKvRequest {
  readonly namespace: string;
  readonly key: string;
  readonly value: string;
  readonly condition?: KvCondition | null | undefined;
}

export interface DeleteKvRequest {
  readonly namespace: string;
  readonly key: string;
  readonly condition?: KvCondition | null | undefined;
}

export interface KvCondition {
  readonly version?: Version | null | undefined;
}

export interface GetKvRequest {
  readonly namespace: string;
  readonly key: string;
}

export interface ListKvRequest {
  readonly namespace: string;
}

export interface ListKvResponse {
  readonly entries: readonly KvEntry[];
}

export interface MergeKvRequest {
  readonly entries: readonly KvEntry[];
}

export interface MergeKvResponse {
  readonly merged: number;
}

export interface WatchRequest {
  readonly name: string;
  readonly namespaces: readonly string[];
}

export interface WatchEvent {
  readonly entries: readonly KvEntry[];
  readonly registry?: Registry | null | undefined;
  readonly endOfSnapshot: boolean;
}

export interface Registry {
  readonly stores: readonly Store[];
  readonly gateways: readonly Gateway[];
  readonly isWarmingUp: boolean;
}
