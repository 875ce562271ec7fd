import { expect } from 'chai';
import {
  isSharedFilter,
  parseSharedFilter,
  sharedFilterText,
} from '../../../../src/common/topic/shared-filter.ts';

describe('common/topic/shared-filter', () => {
  it('splits share name and filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]', () => {
    expect(parseSharedFilter('$share/g/a/+/#')).to.deep.equal({ shareName: 'g', filter: 'a/+/#' });
    expect(parseSharedFilter('$share/g//a')).to.deep.equal({ shareName: 'g', filter: '/a' });
  });

  it('takes the older form as the share named $queue', () => {
    const share = parseSharedFilter('$queue/a/b');
    expect(share).to.deep.equal({ shareName: '$queue', filter: 'a/b' });
    expect(sharedFilterText(share!)).to.equal('$share/$queue/a/b');
  });

  for (const filter of [
    '$share/',
    '$share/g',
    '$share/g/',
    '$share//a',
    '$share/g+/a',
    '$share/#/a',
    '$share/g/a#',
    '$share/g/$share/h/a',
    '$queue/',
    '$queue/a/#/b',
  ]) {
    it(`refuses ${filter} [MQTT-4.8.2-1] [MQTT-4.8.2-2]`, () => {
      expect(isSharedFilter(filter)).to.equal(true);
      expect(parseSharedFilter(filter)).to.equal(undefined);
    });
  }

  it('leaves other filters alone', () => {
    for (const filter of ['a', '$share', '$SYS/#', '$shared/g/a', '/$share/g/a', '$queue']) {
      expect(isSharedFilter(filter), filter).to.equal(false);
      expect(parseSharedFilter(filter), filter).to.equal(undefined);
    }
  });
});
