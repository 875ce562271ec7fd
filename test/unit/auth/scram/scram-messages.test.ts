import { expect } from 'chai';
import fc from 'fast-check';
import { parseClientFinal, parseClientFirst } from '../../../../src/auth/scram/scram-messages.ts';

describe('SCRAM messages of the client', () => {
  it('are read: the first', () => {
    expect(parseClientFirst('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')).to.deep.equal({
      gs2Header: 'n,,',
      bare: 'n=user,r=rOprNGfwEbeRWgbNEkqO',
      username: 'user',
      authzid: undefined,
      nonce: 'rOprNGfwEbeRWgbNEkqO',
    });
    const full = parseClientFirst('y,a=A=2CB,n=a=3Db=2Cc,r=x+/=,x=ext');
    expect(full).to.include({ authzid: 'A,B', username: 'a=b,c', nonce: 'x+/=' });
  });

  it('are read: the final one', () => {
    const final = parseClientFinal('c=biws,r=abc,x=ext,p=cHJvb2Y=');
    expect(final).to.deep.equal({
      withoutProof: 'c=biws,r=abc,x=ext',
      channelBinding: 'biws',
      nonce: 'abc',
      proof: Buffer.from('proof'),
    });
  });

  for (const message of [
    '',
    'n',
    'n,',
    'n,,',
    'p=tls-unique,,n=user,r=x',
    'x,,n=user,r=x',
    'n,b=x,n=user,r=x',
    'n,a=,n=user,r=x',
    'n,a=a=b,n=user,r=x',
    'n,,m=ext,n=user,r=x',
    'n,,n=,r=x',
    'n,,n=a=b,r=x',
    'n,,n=user',
    'n,,n=user,r=',
    'n,,n=user,r=a b',
    'n,,n=user,r=x,',
    'n,,r=x,n=user',
  ]) {
    it(`are refused: '${message}' as the first`, () => {
      expect(parseClientFirst(message)).to.equal(undefined);
    });
  }

  for (const message of [
    '',
    'c=biws,r=abc',
    'r=abc,c=biws,p=eA==',
    'c=,r=abc,p=eA==',
    'c=biws,r=abc,p=',
    'c=biws,r=abc,p=!',
    'c=biws,r=abc,p=eA==,x=1',
  ]) {
    it(`are refused: '${message}' as the final one`, () => {
      expect(parseClientFinal(message)).to.equal(undefined);
    });
  }

  it('throw nothing, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        parseClientFirst(text);
        parseClientFinal(text);
        parseClientFirst(`n,,${text}`);
        parseClientFinal(`c=biws,${text}`);
      }),
    );
  });
});
