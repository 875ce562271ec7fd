import { expect } from 'chai';
import { isCloseCode } from '../../../../src/gateway/listener/close-code.ts';

describe('gateway: isCloseCode', () => {
  it('takes the codes of RFC 6455 §7.4 that may be sent, and those for applications', () => {
    for (const code of [1000, 1001, 1002, 1003, 1007, 1009, 1011, 1014, 3000, 4999]) {
      expect(isCloseCode(code), String(code)).to.equal(true);
    }
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
      expect(isCloseCode(code), String(code)).to.equal(false);
    }
  });
});
