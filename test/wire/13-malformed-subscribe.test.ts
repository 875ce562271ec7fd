import { field, frame, hex, subscribe, unsubscribe } from '../helpers/packets.ts';
import { describeMalformed } from './malformed.ts';

const ID = hex('00 01');

describeMalformed('SUBSCRIBE and UNSUBSCRIBE', [
  ['SUBSCRIBE without a filter [MQTT-3.8.3-3]', frame(0x82, ID)],
  ['SUBSCRIBE with packet id 0 [MQTT-2.3.1-1]', subscribe(0, ['a', 0])],
  ['SUBSCRIBE with QoS 3 [MQTT-3.8.3-4]', subscribe(1, ['a', 3])],
  ['SUBSCRIBE with reserved QoS bits [MQTT-3.8.3-4]', subscribe(1, ['a', 0x81])],
  ['SUBSCRIBE with a good and a bad QoS [MQTT-3.8.3-4]', subscribe(1, ['a', 0], ['b', 4])],
  ['SUBSCRIBE without the QoS byte', frame(0x82, ID, field('a'))],
  ['SUBSCRIBE with a filter longer than the packet', frame(0x82, ID, hex('00 07 61 62'))],
  ['SUBSCRIBE with half a filter length', frame(0x82, ID, hex('00'))],
  ['SUBSCRIBE with half a packet id', frame(0x82, hex('00'))],
  ['SUBSCRIBE with nothing', frame(0x82)],
  ['SUBSCRIBE with an empty filter [MQTT-4.7.3-1]', subscribe(1, ['', 0])],
  ['SUBSCRIBE with U+0000 in a filter [MQTT-4.7.3-2]', subscribe(1, ['a\u0000', 0])],
  [
    'SUBSCRIBE with a filter that is not UTF-8 [MQTT-3.8.3-1]',
    frame(0x82, ID, hex('00 02 c3 28 00')),
  ],
  ['UNSUBSCRIBE without a filter [MQTT-3.10.3-2]', frame(0xa2, ID)],
  ['UNSUBSCRIBE with packet id 0 [MQTT-2.3.1-1]', unsubscribe(0, 'a')],
  ['UNSUBSCRIBE with a filter longer than the packet', frame(0xa2, ID, hex('00 07 61 62'))],
  [
    'UNSUBSCRIBE with a filter that is not UTF-8 [MQTT-3.10.3-1]',
    frame(0xa2, ID, hex('00 02 c3 28')),
  ],
]);
