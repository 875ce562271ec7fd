import { expect } from 'chai';
import {
  languageCode,
  languageOfCode,
  languageOfName,
} from '../../../src/remoting/language-code.ts';

describe('language codes', () => {
  it('are those of RocketMQ', () => {
    expect(languageCode('JAVA')).to.equal(0);
    expect(languageCode('OTHER')).to.equal(7);
    expect(languageCode('RUST')).to.equal(12);
    expect(languageCode('NODE_JS')).to.equal(13);
  });

  it('take what is unknown as OTHER', () => {
    expect(languageOfCode(200)).to.equal('OTHER');
    expect(languageOfName('NODE_JS')).to.equal('NODE_JS');
    expect(languageOfName(9)).to.equal('OTHER');
  });
});
