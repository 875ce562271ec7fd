import type { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { TopicLimitError } from '../codec/protocol-error.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Counts an error that ends a connection under the limit that it is about, if it is about one. */
export function countLimit(stats: GatewayStats, error: MqttProtocolError): void {
  if (error instanceof TopicLimitError) stats.topicsTooLong++;
  else if (error.reasonCode === ReasonCode.PACKET_TOO_LARGE) stats.packetsTooLarge++;
  else if (error.reasonCode === ReasonCode.RECEIVE_MAXIMUM_EXCEEDED) stats.receiveMaximumExceeded++;
}
