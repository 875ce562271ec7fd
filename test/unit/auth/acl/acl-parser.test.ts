import { expect } from 'chai';
import { parseAcl } from '../../../../src/auth/acl/acl-parser.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

describe('access control list: parser', () => {
  it('reads users, topics, patterns and comments, whatever the line ends', () => {
    const text = [
      '# anonymous',
      'topic read a/#',
      '',
      'user alice smith',
      '  topic write b  ',
      'topic c d',
      'user bob',
      'topic deny e/+',
      'pattern readwrite f/%u/%c',
      'user alice smith',
      'topic read',
    ].join('\r\n');
    const set = parseAcl(text);
    expect(set.anonymous).to.deep.equal([{ access: 'read', filter: 'a/#' }]);
    expect([...set.users]).to.deep.equal([
      [
        'alice smith',
        [
          { access: 'write', filter: 'b' },
          { access: 'readwrite', filter: 'c d' },
          { access: 'readwrite', filter: 'read' },
        ],
      ],
      ['bob', [{ access: 'deny', filter: 'e/+' }]],
    ]);
    expect(set.patterns).to.deep.equal([{ access: 'readwrite', filter: 'f/%u/%c' }]);
  });

  for (const [line, message] of [
    ['topics read a', "line 2: 'topics' is none of user, topic, pattern"],
    ['user', 'line 2: user without a name'],
    ['topic', "line 2: '' is no topic filter"],
    ['topic read a#', "line 2: 'a#' is no topic filter"],
    ['pattern write x%u/a', 'line 2: %u and %c have to be a whole level of the topic'],
  ] as const) {
    it(`refuses '${line}' with the number of the line`, () => {
      expect(() => parseAcl(`# first\n${line}\n`)).to.throw(ConfigError, message);
    });
  }
});
