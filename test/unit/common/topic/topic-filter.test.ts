import { expect } from 'chai';
import {
  isValidTopicFilter,
  isWildcardFilter,
  matches,
} from '../../../../src/common/topic/topic-filter.ts';

describe('topic filter', () => {
  it('accepts # only as the whole last level [MQTT-4.7.1-2]', () => {
    for (const filter of ['#', 'a/#', '/#', 'a/b/#']) {
      expect(isValidTopicFilter(filter), filter).to.equal(true);
    }
    for (const filter of ['a#', 'a/b#', '#/a', 'a/#/b', '##', '#a', 'a/#b', '#/']) {
      expect(isValidTopicFilter(filter), filter).to.equal(false);
    }
  });

  it('accepts + only as a whole level [MQTT-4.7.1-3]', () => {
    for (const filter of ['+', '+/+', '/+', '+/', 'a/+/b', '+/a/#', '+/#']) {
      expect(isValidTopicFilter(filter), filter).to.equal(true);
    }
    for (const filter of ['a+', '+a', 'a/b+', 'a/+b/c', '++', '+#']) {
      expect(isValidTopicFilter(filter), filter).to.equal(false);
    }
  });

  it('has the limits of topic names [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3]', () => {
    expect(isValidTopicFilter('')).to.equal(false);
    expect(isValidTopicFilter('a/\u0000')).to.equal(false);
    expect(isValidTopicFilter('a'.repeat(65_536))).to.equal(false);
    expect(isValidTopicFilter('+/'.repeat(32_767) + '#')).to.equal(true);
  });

  it('knows wildcards', () => {
    expect(['#', '+', 'a/+/b', 'a/#'].every(isWildcardFilter)).to.equal(true);
    expect(['a', 'a/b', '$SYS'].some(isWildcardFilter)).to.equal(false);
  });

  const examples: [string, string, boolean][] = [
    // the specification's own, §4.7.1.2 and §4.7.1.3
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    // §4.7.3: case and slashes count
    ['ACCOUNTS', 'Accounts', false],
    ['a', '/a', false],
    ['a/', 'a', false],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['a/#', 'ab', false],
    ['+/#', 'a', true],
    ['a/+/c', 'a//c', true],
    ['#', '/', true],
  ];
  for (const [filter, topic, expected] of examples) {
    it(`${filter} ${expected ? 'matches' : 'does not match'} ${topic}`, () => {
      expect(matches(filter, topic)).to.equal(expected);
    });
  }

  it('matches no $ topic with a wildcard in the first level [MQTT-4.7.2-1]', () => {
    for (const filter of ['#', '+', '+/#', '+/monitor/Clients']) {
      expect(matches(filter, '$SYS/monitor/Clients'), filter).to.equal(false);
      expect(matches(filter, '$SYS'), filter).to.equal(false);
    }
    for (const filter of ['$SYS/#', '$SYS/monitor/+', '$SYS/+/Clients']) {
      expect(matches(filter, '$SYS/monitor/Clients'), filter).to.equal(true);
    }
    expect(matches('a/+', 'a/$b')).to.equal(true);
  });
});
