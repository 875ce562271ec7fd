import { join } from 'node:path';
import type { BrokerOptions } from '../helpers/broker.ts';

/** A server with the access control list of these tests. */
export const ACL: BrokerOptions = {
  environment: { LMQTT_SERVICE_ACL_FILE: join(import.meta.dirname, 'access.acl') },
};
