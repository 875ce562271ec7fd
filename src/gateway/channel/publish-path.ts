import { ProtocolVersion } from '../codec/protocol-version.ts';
import { FormatCheckedReceiver } from './format-checked-receiver.ts';
import type { ProtocolChannel, PublishPort } from './protocol-channel.ts';
import { isRateLimited } from './publish-rate.ts';
import { RateLimitedReceiver, type RefusingPort } from './rate-limited-receiver.ts';

/** What the publishes of a connection go through: `receiver`, behind the checks that are configured. */
export function publishPathOf(channel: ProtocolChannel, receiver: RefusingPort): PublishPort {
  const { limits, rules } = channel.context;
  const isChecked = rules.payloadFormatCheck && channel.version === ProtocolVersion.MQTT_5;
  const checked = isChecked ? new FormatCheckedReceiver(receiver) : receiver;
  return isRateLimited(limits) ? new RateLimitedReceiver(checked, channel) : checked;
}
