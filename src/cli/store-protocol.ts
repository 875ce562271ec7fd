import type { StoreRegistration } from '../namesrv/types.ts';

/** Versions of `proto/lmqtt/store/v1` that this store speaks. */
export const STORE_PROTOCOL: Pick<StoreRegistration, 'minProtocolVersion' | 'protocolVersion'> = {
  minProtocolVersion: 1,
  protocolVersion: 1,
};
