/** Messages of proto/lmqtt/storebackup/v1/storebackup.proto, where they are explained. Generated: npm run proto. */

export interface StoreBackupMethods {
  readonly backUp: {
    readonly kind: 'serverStream';
    readonly request: BackUpRequest;
    readonly response: BackUpProgress;
  };
}

export interface BackUpRequest {
  readonly name: string;
}

export interface BackUpProgress {
  readonly entries: number;
  readonly bytes: number;
  readonly directory: string;
}
