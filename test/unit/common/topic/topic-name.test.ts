import { expect } from 'chai';
import fc from 'fast-check';
import {
  firstLevel,
  isValidTopicName,
  levelCount,
  mqttUtf8Length,
} from '../../../../src/common/topic/topic-name.ts';

describe('topic name', () => {
  it('accepts names with any other character, spaces and empty levels', () => {
    for (const name of ['a', '/', '//', 'a/', '/a', ' ', 'ä/漢/😀', '$SYS/x', 'a b', '\uFEFFx']) {
      expect(isValidTopicName(name), JSON.stringify(name)).to.equal(true);
    }
  });

  it('refuses wildcards anywhere [MQTT-4.7.1-1]', () => {
    for (const name of ['+', '#', 'a/+', 'a/#', 'a+b', 'a#']) {
      expect(isValidTopicName(name), name).to.equal(false);
    }
  });

  it('refuses the empty name [MQTT-4.7.3-1]', () => {
    expect(isValidTopicName('')).to.equal(false);
  });

  it('refuses U+0000 [MQTT-4.7.3-2]', () => {
    expect(isValidTopicName('a\u0000b')).to.equal(false);
  });

  it('refuses more than 65,535 UTF-8 bytes, not characters [MQTT-4.7.3-3]', () => {
    expect(isValidTopicName('a'.repeat(65_535))).to.equal(true);
    expect(isValidTopicName('a'.repeat(65_536))).to.equal(false);
    expect(isValidTopicName('漢'.repeat(21_845))).to.equal(true);
    expect(isValidTopicName('漢'.repeat(21_846))).to.equal(false);
  });

  it('refuses lone surrogates, which UTF-8 cannot carry [MQTT-1.5.3-1]', () => {
    for (const name of ['\uD800', 'a\uDC00', '\uD800x', '\uDC00\uD800']) {
      expect(isValidTopicName(name)).to.equal(false);
    }
  });

  it('counts UTF-8 bytes as Buffer does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\u0000'));
        expect(mqttUtf8Length(text)).to.equal(Buffer.byteLength(text));
      }),
    );
  });

  it('gives the first level and the number of levels', () => {
    expect(firstLevel('a/b/c')).to.equal('a');
    expect(firstLevel('a')).to.equal('a');
    expect(firstLevel('/a')).to.equal('');
    expect(['a', 'a/b', '/', 'a//b', ''].map(levelCount)).to.deep.equal([1, 2, 2, 3, 1]);
  });
});
