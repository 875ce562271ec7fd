import { frame, hex, publish } from '../helpers/packets.ts';
import { describeMalformed, LENIENT } from './malformed.ts';

describeMalformed('PUBLISH', [
  ['QoS 3 [MQTT-3.3.1-4]', '36 07 00 01 61 00 01 62 63'],
  ['QoS 3 with DUP and RETAIN [MQTT-3.3.1-4]', '3f 07 00 01 61 00 01 62 63'],
  ['DUP at QoS 0 [MQTT-3.3.1-2]', publish({ topic: 'a', payload: 'x', dup: true }), LENIENT],
  ['packet id 0 at QoS 1 [MQTT-2.3.1-1]', publish({ topic: 'a', qos: 1, id: 0 })],
  ['packet id 0 at QoS 2 [MQTT-2.3.1-1]', publish({ topic: 'a', qos: 2, id: 0 })],
  ['an empty topic [MQTT-4.7.3-1]', publish({ topic: '', payload: 'x' })],
  ["'#' in the topic [MQTT-3.3.2-2]", publish({ topic: 'a/#', payload: 'x' })],
  ["'+' in the topic [MQTT-3.3.2-2]", publish({ topic: 'a/+/b', payload: 'x', qos: 1, id: 1 })],
  ["'+' inside a level [MQTT-3.3.2-2]", publish({ topic: 'a+b', payload: 'x', qos: 2, id: 1 })],
  [
    'U+0000 in the topic [MQTT-4.7.3-2] [MQTT-1.5.3-2]',
    publish({ topic: 'a\u0000b', payload: 'x' }),
  ],
  ['a topic that is not UTF-8 [MQTT-1.5.3-1] [MQTT-3.3.2-1]', frame(0x30, hex('00 02 c3 28'))],
  ['an overlong encoding in the topic [MQTT-1.5.3-1]', frame(0x30, hex('00 02 c0 af'))],
  ['a surrogate in the topic [MQTT-1.5.3-1]', frame(0x30, hex('00 03 ed a0 80'))],
  [
    'a code point above U+10FFFF in the topic [MQTT-1.5.3-1]',
    frame(0x30, hex('00 04 f4 90 80 80')),
  ],
  ['a topic cut in a character [MQTT-1.5.3-1]', frame(0x30, hex('00 02 61 e2'))],
  ['a topic longer than the packet', frame(0x30, hex('00 09 61 62'))],
  ['no topic length', frame(0x30)],
  ['half a topic length', frame(0x30, hex('00'))],
  ['no packet id at QoS 1 [MQTT-2.3.1-1]', frame(0x32, hex('00 01 61'))],
  ['half a packet id at QoS 2 [MQTT-2.3.1-1]', frame(0x34, hex('00 01 61 00'))],
]);
