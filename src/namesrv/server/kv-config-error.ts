import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { LmqttErrorOptions } from '../../common/errors.ts';

/** What the KV table refuses or cannot do: a limit, a corrupt file, a failed write. The message says which. */
export class KvConfigError extends LmqttError {
  constructor(message: string, options?: LmqttErrorOptions) {
    super(ErrorCode.KV_CONFIG, message, options);
  }
}
