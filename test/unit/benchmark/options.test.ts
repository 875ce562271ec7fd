import { expect } from 'chai';
import { parseOptions } from '../../../benchmark/options.ts';
import { lasting, selectScenarios } from '../../../benchmark/scenarios.ts';

describe('benchmark options', () => {
  it('has defaults', () => {
    expect(parseOptions([], 'out')).to.deep.include({
      scenarios: [],
      peers: ['mosquitto', 'aedes'],
      seconds: undefined,
      repeat: 3,
      flush: 'ASYNC_FLUSH',
      isPinned: false,
      out: 'out',
    });
  });

  it('takes brokers by command line', () => {
    const options = parseOptions(['--peers', '', '--peer', 'x=run {port} --a=b'], 'out');
    expect(options?.peers).to.deep.equal(['x']);
    expect(options?.commands.get('x')).to.equal('run {port} --a=b');
  });

  it('takes the programs of brokers that it knows', () => {
    const options = parseOptions(
      ['--peers', '', '--flashmq', '/opt/f', '--rocketmq-mqtt', '18'],
      'out',
    );
    expect(options?.peers).to.deep.equal(['flashmq', 'rocketmq-mqtt']);
    expect(options?.programs.get('rocketmq-mqtt')).to.equal('18');
    expect(options?.programs.get('flashmq')).to.equal('/opt/f');
  });

  it('shortens timed scenarios only', () => {
    const [b, g] = selectScenarios(['b', 'g']);
    if (b === undefined || g === undefined) throw new Error('scenarios');
    expect(lasting(b, 1).options.slice(-4)).to.deep.equal(['--duration', '1', '--warmup', '0.5']);
    expect(lasting(g, 1)).to.equal(g);
    expect(lasting(b, undefined)).to.equal(b);
  });

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--repeat', '0'], 'out')).to.throw('--repeat');
    expect(() => parseOptions(['--flush', 'NEVER'], 'out')).to.throw('--flush');
    expect(() => parseOptions(['--peer', 'x'], 'out')).to.throw('--peer');
    expect(() => parseOptions(['--seconds', '0'], 'out')).to.throw('--seconds');
    expect(() => parseOptions(['--what'], 'out')).to.throw('--what');
  });

  it('selects scenarios in the order of the table', () => {
    expect(selectScenarios(['d', 'a16']).map((entry) => entry.name)).to.deep.equal(['a16', 'd']);
    expect(() => selectScenarios(['zz'])).to.throw('unknown scenario zz');
  });
});
