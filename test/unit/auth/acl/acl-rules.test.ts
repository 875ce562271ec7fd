import { expect } from 'chai';
import { parseAcl } from '../../../../src/auth/acl/acl-parser.ts';
import { AclRules } from '../../../../src/auth/acl/acl-rules.ts';
import type { Principal } from '../../../../src/auth/types.ts';

const RULES = `
topic read public/#
topic deny public/secret
user alice
topic readwrite alice/#
topic write inbox/+
topic read mixed/#
topic deny mixed/a
pattern readwrite home/%u/#
pattern write device/%c
pattern deny home/%u/locked
`;

const alice: Principal = { clientId: 'c1', username: 'alice' };
const nobody: Principal = { clientId: 'c2', username: undefined };

describe('access control list: rules', () => {
  const rules = new AclRules(parseAcl(RULES));
  const publishes = (who: Principal, topic: string): boolean =>
    rules.authorize(who, 'PUBLISH', topic);
  const subscribes = (who: Principal, filter: string): boolean =>
    rules.authorize(who, 'SUBSCRIBE', filter);

  it('allows nothing that no rule names', () => {
    expect(publishes(alice, 'other')).to.equal(false);
    expect(subscribes(alice, 'other')).to.equal(false);
    expect(rules.mayReceive(alice, 'other')).to.equal(false);
    expect(publishes({ clientId: 'c', username: 'unknown' }, 'alice/x')).to.equal(false);
  });

  it('keeps the rules of clients without a user name for them', () => {
    expect(subscribes(nobody, 'public/news')).to.equal(true);
    expect(publishes(nobody, 'public/news')).to.equal(false);
    expect(subscribes(alice, 'public/news')).to.equal(false);
  });

  it('distinguishes reading and writing', () => {
    expect(publishes(alice, 'inbox/x')).to.equal(true);
    expect(subscribes(alice, 'inbox/x')).to.equal(false);
    expect(publishes(alice, 'alice/x')).to.equal(true);
    expect(subscribes(alice, 'alice/x')).to.equal(true);
    expect(publishes(alice, 'mixed/b')).to.equal(false);
  });

  it('puts user name and client id into patterns', () => {
    expect(publishes(alice, 'home/alice/door')).to.equal(true);
    expect(publishes(alice, 'home/bob/door')).to.equal(false);
    expect(publishes(alice, 'device/c1')).to.equal(true);
    expect(publishes(alice, 'device/c2')).to.equal(false);
    expect(publishes(alice, 'home/alice/locked')).to.equal(false);
  });

  it('leaves patterns with %u out for a client without a user name', () => {
    expect(publishes(nobody, 'home/%u/door')).to.equal(false);
    expect(publishes(nobody, 'home/undefined/door')).to.equal(false);
    expect(publishes(nobody, 'device/c2')).to.equal(true);
  });

  for (const bad of ['+', '#', 'a/b', 'a\0']) {
    it(`allows nothing to a client whose name would change a pattern: ${JSON.stringify(bad)}`, () => {
      expect(publishes({ clientId: bad, username: 'alice' }, 'alice/x')).to.equal(false);
      expect(publishes({ clientId: 'c', username: bad }, 'device/c')).to.equal(false);
    });
  }

  it('accepts a wider subscription, of which only what is allowed is sent', () => {
    expect(subscribes(alice, '#')).to.equal(true);
    expect(subscribes(alice, 'mixed/+')).to.equal(true);
    expect(rules.mayReceive(alice, 'mixed/b')).to.equal(true);
    expect(rules.mayReceive(alice, 'mixed/a')).to.equal(false);
    expect(rules.mayReceive(alice, 'inbox/x')).to.equal(false);
  });

  it('refuses a subscription that can bring nothing', () => {
    expect(subscribes(nobody, 'public/secret')).to.equal(false);
    expect(subscribes(alice, 'mixed/a')).to.equal(false);
    expect(subscribes(alice, 'none/#')).to.equal(false);
  });

  it('wants a shared subscription to be allowed as a whole', () => {
    const shares = (filter: string): boolean => rules.authorize(alice, 'SUBSCRIBE', filter, true);
    expect(shares('alice/#')).to.equal(true);
    expect(shares('alice/x')).to.equal(true);
    expect(shares('#')).to.equal(false);
    expect(shares('mixed/+')).to.equal(false);
    expect(shares('inbox/x')).to.equal(false);
  });

  it('remembers more topics than it has room for', () => {
    for (let i = 0; i < 1000; i++) expect(rules.mayReceive(alice, `alice/${i}`)).to.equal(true);
    expect(rules.mayReceive(alice, 'inbox/1')).to.equal(false);
  });
});
