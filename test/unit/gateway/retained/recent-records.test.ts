import { expect } from 'chai';
import { RecentRecords } from '../../../../src/gateway/retained/recent-records.ts';

describe('gateway: RecentRecords', () => {
  it('knows what was read, and what was not there', () => {
    const recent = new RecentRecords();
    const record = Buffer.from('x');
    recent.set('a', record);
    recent.set('none', null);
    expect(['a', 'none', 'b'].map((topic) => recent.get(topic))).to.deep.equal([
      record,
      null,
      undefined,
    ]);
    recent.age();
    recent.delete('a');
    expect(['a', 'none'].map((topic) => recent.get(topic))).to.deep.equal([undefined, null]);
  });

  it('forgets after two looks', () => {
    const recent = new RecentRecords();
    recent.set('a', null);
    recent.age();
    recent.set('b', null);
    recent.age();
    expect(['a', 'b'].map((topic) => recent.get(topic))).to.deep.equal([undefined, null]);
    recent.age();
    expect(recent.get('b')).to.equal(undefined);
  });

  it('keeps a few megabytes, the newest', () => {
    const recent = new RecentRecords();
    const record = Buffer.alloc(100_000);
    const topics = Array.from({ length: 200 }, (_, i) => `t/${i}`);
    for (const topic of topics) recent.set(topic, record);
    const known = topics.filter((topic) => recent.get(topic) !== undefined);
    expect(known.length).to.be.within(42, 86);
    expect(known).to.deep.equal(topics.slice(-known.length));
  });

  it('counts what an empty entry takes', () => {
    const recent = new RecentRecords();
    for (let i = 0; i < 100_000; i++) recent.set(`t/${i}`, null);
    expect(recent.get('t/0')).to.equal(undefined);
    expect(recent.get('t/99999')).to.equal(null);
  });
});
