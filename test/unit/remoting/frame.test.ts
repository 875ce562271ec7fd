import { expect } from 'chai';
import { decodeFrame, encodeFrame } from '../../../src/remoting/frame.ts';
import {
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  SerializeType,
} from '../../../src/remoting/remoting-command.ts';
import { RemotingProtocolError } from '../../../src/remoting/remoting-error.ts';
import { aCommand, BINARY_PUT_FRAME, JSON_PUT_FRAME, PUT_FIELDS } from './remoting-fixtures.ts';

function frameOf(headerMark: string, header: Buffer | string, body = ''): Buffer {
  const rest = Buffer.concat([
    Buffer.from(headerMark, 'hex'),
    Buffer.from(header),
    Buffer.from(body),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(rest.length);
  return Buffer.concat([length, rest]);
}

function jsonFrame(header: string): Buffer {
  return frameOf(header.length.toString(16).padStart(8, '0'), header);
}

describe('remoting frame', () => {
  describe('golden bytes', () => {
    it('writes a request with a JSON header', () => {
      const command = aCommand({ opaque: 258, extFields: PUT_FIELDS, body: Buffer.from('hi') });
      expect(encodeFrame(command).toString('hex')).to.equal(JSON_PUT_FRAME.toString('hex'));
    });

    it('reads a request with a JSON header', () => {
      const command = aCommand({ opaque: 258, extFields: PUT_FIELDS, body: Buffer.from('hi') });
      expect(decodeFrame(JSON_PUT_FRAME)).to.deep.equal(command);
    });

    it('writes a request with a binary header', () => {
      const serializeType = SerializeType.ROCKETMQ;
      const command = aCommand({ serializeType, opaque: 258, extFields: PUT_FIELDS });
      expect(encodeFrame(command).toString('hex')).to.equal(BINARY_PUT_FRAME.toString('hex'));
    });

    it('reads a request with a binary header', () => {
      const serializeType = SerializeType.ROCKETMQ;
      const command = aCommand({ serializeType, opaque: 258, extFields: PUT_FIELDS });
      expect(decodeFrame(BINARY_PUT_FRAME)).to.deep.equal(command);
    });

    it('writes a response with a remark in a binary header', () => {
      const command = aCommand({
        serializeType: SerializeType.ROCKETMQ,
        code: 22,
        language: 'JAVA',
        opaque: -2,
        flag: RESPONSE_FLAG,
        remark: 'no',
        body: Buffer.from([0xff]),
      });
      const bytes =
        '0000001c01000017' + '00160001dffffffffe00000001' + '000000026e6f' + '00000000' + 'ff';
      expect(encodeFrame(command).toString('hex')).to.equal(bytes);
      expect(decodeFrame(Buffer.from(bytes, 'hex'))).to.deep.equal(command);
    });
  });

  describe('JSON header', () => {
    it('takes a missing number as 0 and ignores unknown fields, as Java does', () => {
      const command = decodeFrame(jsonFrame('{"code":5,"opaque":7,"unheard":[1]}'));
      expect(command).to.deep.include({
        code: 5,
        opaque: 7,
        flag: 0,
        version: 0,
        remark: undefined,
      });
    });

    it('takes an unknown language as OTHER', () => {
      expect(decodeFrame(jsonFrame('{"language":"COBOL"}')).language).to.equal('OTHER');
      expect(decodeFrame(jsonFrame('{"language":"toString"}')).language).to.equal('OTHER');
    });

    it('reads numbers and booleans of ext fields as text and leaves null out', () => {
      const { extFields } = decodeFrame(jsonFrame('{"extFields":{"a":1,"b":true,"c":null}}'));
      expect([...extFields]).to.deep.equal([
        ['a', '1'],
        ['b', 'true'],
      ]);
    });

    it('is not harmed by ext fields with names of prototypes', () => {
      const header =
        '{"extFields":{"__proto__":"p","toString":"t","constructor":"c"},"__proto__":{"code":9}}';
      const command = decodeFrame(jsonFrame(header));
      expect(command.extFields.get('__proto__')).to.equal('p');
      expect(command.extFields.get('toString')).to.equal('t');
      expect(command.code).to.equal(0);
      expect(decodeFrame(encodeFrame(command)).extFields).to.deep.equal(command.extFields);
    });

    for (const header of ['', '[]', 'null', '{"code":', '{"code":1.5}', '{"opaque":4294967296}']) {
      it(`refuses ${header === '' ? 'an empty header' : header}`, () => {
        expect(() => decodeFrame(jsonFrame(header))).to.throw(RemotingProtocolError);
      });
    }

    for (const header of ['{"extFields":[]}', '{"extFields":{"a":{}}}', '{"remark":{}}']) {
      it(`refuses ${header}`, () => {
        expect(() => decodeFrame(jsonFrame(header))).to.throw(RemotingProtocolError);
      });
    }

    it('refuses what is not UTF-8', () => {
      const frame = Buffer.from(jsonFrame('{"remark":"xx"}'));
      frame[frame.length - 4] = 0xff;
      expect(() => decodeFrame(frame)).to.throw(RemotingProtocolError, 'UTF-8');
    });
  });

  describe('binary header', () => {
    it('refuses a code that does not fit 16 bits', () => {
      const command = aCommand({ serializeType: SerializeType.ROCKETMQ, code: 200_050 });
      expect(() => encodeFrame(command)).to.throw(RemotingProtocolError, 'use JSON');
      expect(decodeFrame(encodeFrame(aCommand({ code: 200_050 }))).code).to.equal(200_050);
    });

    it('refuses every cut of a good header', () => {
      const header = BINARY_PUT_FRAME.subarray(8);
      for (let bytes = 0; bytes < header.length; bytes++) {
        const mark = `01${bytes.toString(16).padStart(6, '0')}`;
        expect(() => decodeFrame(frameOf(mark, header.subarray(0, bytes)))).to.throw(
          RemotingProtocolError,
        );
      }
    });

    it('refuses bytes after the ext fields', () => {
      const header = Buffer.concat([BINARY_PUT_FRAME.subarray(8), Buffer.from([0])]);
      expect(() => decodeFrame(frameOf('0100003f', header))).to.throw(RemotingProtocolError);
    });

    it('refuses a negative length', () => {
      const frame = Buffer.from(BINARY_PUT_FRAME);
      frame.writeInt32BE(-1, 8 + 13);
      expect(() => decodeFrame(frame)).to.throw(RemotingProtocolError);
    });

    it('refuses what is not UTF-8', () => {
      const frame = Buffer.from(BINARY_PUT_FRAME);
      frame[frame.length - 1] = 0xff;
      expect(() => decodeFrame(frame)).to.throw(RemotingProtocolError, 'UTF-8');
    });
  });

  it('refuses an unknown serialize type', () => {
    expect(() => decodeFrame(frameOf('02000002', '{}'))).to.throw(RemotingProtocolError, 'type 2');
  });

  it('refuses a header longer than the frame', () => {
    expect(() => decodeFrame(frameOf('00000003', '{}'))).to.throw(RemotingProtocolError, 'header');
  });

  it('refuses to write a frame over the limit, and writes one at the limit', () => {
    const command = aCommand({ flag: ONEWAY_FLAG, body: Buffer.alloc(100) });
    const bytes = encodeFrame(command).length;
    expect(encodeFrame(command, bytes)).to.have.length(bytes);
    expect(() => encodeFrame(command, bytes - 1)).to.throw(RemotingProtocolError, 'limit');
  });
});
