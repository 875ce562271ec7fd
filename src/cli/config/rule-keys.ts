import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, integer, text } from '../../common/config/key-schema.ts';

/** Keys of `connect.conf` for what MQTT leaves to the server. */
export interface RuleConf {
  serverKeepAliveSeconds: number;
  maxKeepAliveSeconds: number;
  responseInformation: string;
  payloadFormatCheck: boolean;
}

export const ruleKeys: ConfSpec<RuleConf>['keys'] = {
  serverKeepAliveSeconds: integer({
    default: 0,
    minimum: 0,
    maximum: 65_535,
    unit: 's',
    description:
      'Keep-alive of every MQTT 5 client, whatever it asks for: it is told in CONNACK (Server Keep Alive). 0: its own.',
  }),
  maxKeepAliveSeconds: integer({
    default: 0,
    minimum: 0,
    maximum: 65_535,
    unit: 's',
    description:
      'Instead of a longer keep-alive, or of none. MQTT 5 clients are told; 3.1.1 has no way to tell, so that a client which is silent for one and a half times as long is closed. 0: no maximum.',
  }),
  responseInformation: text({
    default: '',
    description:
      'What a MQTT 5 client that asks for response information is told: where its response topics begin. {clientId} is replaced, as in reply/{clientId}. Empty: nothing.',
  }),
  payloadFormatCheck: flag({
    default: false,
    description:
      'Refuse messages and wills whose payload format indicator says UTF-8 and whose payload is not (MQTT 5 reason code 0x99).',
  }),
};
