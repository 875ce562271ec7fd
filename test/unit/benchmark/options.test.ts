import { expect } from 'chai';
import { parseOptions } from '../../../benchmark/options.ts';
import { selectScenarios } from '../../../benchmark/scenarios.ts';

describe('benchmark options', () => {
  it('has defaults', () => {
    expect(parseOptions([], 'out')).to.deep.include({
      scenarios: [],
      peers: ['mosquitto'],
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

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--repeat', '0'], 'out')).to.throw('--repeat');
    expect(() => parseOptions(['--flush', 'NEVER'], 'out')).to.throw('--flush');
    expect(() => parseOptions(['--peer', 'x'], 'out')).to.throw('--peer');
    expect(() => parseOptions(['--what'], 'out')).to.throw('--what');
  });

  it('selects scenarios in the order of the table', () => {
    expect(selectScenarios(['d', 'a16']).map((entry) => entry.name)).to.deep.equal(['a16', 'd']);
    expect(() => selectScenarios(['zz'])).to.throw('unknown scenario zz');
  });
});
