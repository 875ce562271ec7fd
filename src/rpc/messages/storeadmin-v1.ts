/** Messages of proto/lmqtt/storeadmin/v1/storeadmin.proto, where they are explained. Generated: npm run proto. */

export interface StoreAdminMethods {
  readonly getConsumerProgress: {
    readonly kind: 'unary';
    readonly request: GetConsumerProgressRequest;
    readonly response: GetConsumerProgressResponse;
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
