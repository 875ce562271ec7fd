/** Request codes of RocketMQ that this project serves or sends. */
export const RequestCode = {
  PUT_KV_CONFIG: 100,
  GET_KV_CONFIG: 101,
  DELETE_KV_CONFIG: 102,
  GET_KVLIST_BY_NAMESPACE: 219,
} as const;
export type RequestCode = (typeof RequestCode)[keyof typeof RequestCode];
