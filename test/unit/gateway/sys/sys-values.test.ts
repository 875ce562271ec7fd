import { expect } from 'chai';
import {
  recordPayload,
  recordQos,
  recordRetained,
  recordTopic,
} from '../../../../src/lmq/spi/record.ts';
import { RETAINED_RECORD_AT } from '../../../../src/gateway/retained/retained-record.ts';
import { SysValues } from '../../../../src/gateway/sys/sys-values.ts';
import { FakeClock } from '../fake-clock.ts';

function found(values: SysValues, filter: string): string[] {
  return [...values.match(filter)].flatMap((topic) => topic?.topic ?? []);
}

describe('gateway: SysValues', () => {
  it('says whether a value is new', () => {
    const values = new SysValues(new FakeClock());
    expect(values.set('$SYS/a', '1')).to.equal(true);
    expect(values.set('$SYS/a', '1')).to.equal(false);
    expect(values.set('$SYS/a', '2')).to.equal(true);
    expect(values.get('$SYS/a')).to.equal('2');
  });

  it('is looked up by filter', () => {
    const values = new SysValues(new FakeClock());
    for (const name of ['$SYS/a', '$SYS/a/b', '$SYS/c d/b']) values.set(name, name);
    expect(found(values, '$SYS/#')).to.have.members(['$SYS/a', '$SYS/a/b', '$SYS/c d/b']);
    expect(found(values, '$SYS/+/b')).to.have.members(['$SYS/a/b', '$SYS/c d/b']);
    expect(found(values, '#')).to.deep.equal([]);
    expect(values.mayMatch('$SYS/+/b')).to.equal(true);
    expect(values.mayMatch('$SYS/x')).to.equal(false);
  });

  it('gives records of retained messages at QoS 0, of today', async () => {
    const values = new SysValues(new FakeClock());
    values.set('$SYS/a', '1');
    values.set('$SYS/a', '2');
    const [record, missing] = await values.read(['$SYS/a', '$SYS/x']);
    expect(missing).to.equal(undefined);
    const at = RETAINED_RECORD_AT;
    expect(recordTopic(record!, at)).to.equal('$SYS/a');
    expect(recordPayload(record!, at).toString()).to.equal('2');
    expect(recordQos(record!, at)).to.equal(0);
    expect(recordRetained(record!, at)).to.equal(true);
  });
});
