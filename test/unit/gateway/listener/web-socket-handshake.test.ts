import { expect } from 'chai';
import {
  handshakeAnswer,
  handshakeError,
} from '../../../../src/gateway/listener/web-socket-handshake.ts';

const GOOD = {
  upgrade: 'WebSocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

describe('gateway: handshake of a WebSocket', () => {
  it('answers the key of RFC 6455 §1.3 as it says, and agrees on no extension', () => {
    const offer = { ...GOOD, 'sec-websocket-extensions': 'permessage-deflate' };
    expect(handshakeError(offer)).to.equal(undefined);
    expect(handshakeAnswer(offer)).to.equal(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    );
  });

  it('chooses a subprotocol that was offered [MQTT-6.0.0-4]', () => {
    for (const [offered, chosen] of [
      ['mqtt', 'mqtt'],
      ['mqttv3.1 , mqtt', 'mqtt'],
      ['chat,mqttv3.1', 'mqttv3.1'],
    ] as const) {
      const headers = { ...GOOD, 'sec-websocket-protocol': offered };
      expect(handshakeError(headers)).to.equal(undefined);
      expect(handshakeAnswer(headers)).to.include(`\r\nSec-WebSocket-Protocol: ${chosen}\r\n`);
    }
  });

  for (const [what, wrong] of [
    ['another upgrade', { upgrade: 'h2c' }],
    ['no key', { 'sec-websocket-key': undefined }],
    ['a key that is too short', { 'sec-websocket-key': 'dGhlIHNhbXBsZQ==' }],
    ['another version', { 'sec-websocket-version': '7' }],
    ['no version', { 'sec-websocket-version': undefined }],
    ['other subprotocols only', { 'sec-websocket-protocol': 'chat' }],
    ['a subprotocol twice', { 'sec-websocket-protocol': 'mqtt, mqtt' }],
    ['an empty list of subprotocols', { 'sec-websocket-protocol': '' }],
    ['a subprotocol that is no token', { 'sec-websocket-protocol': 'mqtt, a b' }],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(handshakeError({ ...GOOD, ...wrong })).to.be.a('string');
    });
  }
});
