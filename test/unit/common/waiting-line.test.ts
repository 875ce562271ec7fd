import { expect } from 'chai';
import { WaitingLine } from '../../../src/common/waiting-line.ts';

describe('WaitingLine', () => {
  it('gives what came first, and undefined when nothing waits', () => {
    const line = new WaitingLine<number>();
    expect([line.isEmpty, line.shift()]).to.deep.equal([true, undefined]);
    line.push(1);
    line.push(2);
    expect(line.shift()).to.equal(1);
    line.push(3);
    expect([line.isEmpty, line.shift(), line.shift(), line.isEmpty]).to.deep.equal([
      false,
      2,
      3,
      true,
    ]);
    line.push(4);
    expect(line.shift()).to.equal(4);
  });

  it('keeps the order over thousands, while some always wait', () => {
    const line = new WaitingLine<number>();
    let pushed = 0;
    for (let taken = 0; taken < 5000; taken++) {
      while (pushed < taken + 700) line.push(pushed++);
      expect(line.shift()).to.equal(taken);
    }
    for (let taken = 5000; taken < pushed; taken++) expect(line.shift()).to.equal(taken);
    expect(line.isEmpty).to.equal(true);
  });
});
