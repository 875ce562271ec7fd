/** Response codes of RocketMQ that this project gives or reads. */
export const ResponseCode = {
  SUCCESS: 0,
  SYSTEM_ERROR: 1,
  SYSTEM_BUSY: 2,
  REQUEST_CODE_NOT_SUPPORTED: 3,
  TOPIC_NOT_EXIST: 17,
  QUERY_NOT_FOUND: 22,
  INVALID_PARAMETER: 29,
} as const;
export type ResponseCode = (typeof ResponseCode)[keyof typeof ResponseCode];
