import { expect } from 'chai';
import { LastOpening } from '../../../../src/gateway/session/last-opening.ts';

function opening(cleanStart: boolean, expirySeconds = 10, clientId = 'c') {
  return { clientId, cleanStart, expirySeconds };
}

describe('gateway: LastOpening', () => {
  it('serves the last that waits when a turn comes, each client for itself', () => {
    const last = new LastOpening();
    const [first, second, third, other] = [
      opening(false),
      opening(false),
      opening(false),
      opening(false, 10, 'd'),
    ] as const;
    last.waits(first);
    expect(last.begin(first)).to.equal(first);
    for (const waiting of [second, other, third]) last.waits(waiting);
    expect(last.begin(second)).to.equal(undefined);
    expect(last.begin(other)).to.equal(other);
    expect(last.begin(third)).to.equal(third);
  });

  for (const [name, overtaken] of [
    ['discards a session', opening(true)],
    ['has none that outlives it', opening(false, 0)],
  ] as const) {
    it(`begins anew behind one that ${name}, once [MQTT-3.1.4-3]`, () => {
      const last = new LastOpening();
      const [next, later] = [opening(false), opening(false)];
      for (const waiting of [overtaken, next]) last.waits(waiting);
      expect(last.begin(overtaken)).to.equal(undefined);
      expect(last.begin(next)).to.deep.equal({ ...next, cleanStart: true });
      last.waits(later);
      expect(last.begin(later)).to.equal(later);
    });
  }
});
