import { ConfigError } from '../../common/errors.ts';
import { isValidTopicFilter } from '../../common/topic/topic-filter.ts';
import { AclAccess, type AclRule, type AclRuleSet } from './acl-rule.ts';

const ACCESSES: readonly string[] = Object.values(AclAccess);
const LINE = /\r?\n/;
/** A keyword, and the rest of the line behind spaces. */
const STATEMENT = /^(\S+)(?:\s+(.*))?$/;

/**
 * Reads an access control list in the form of mosquitto's `acl_file`: `user <name>`,
 * `topic [read|write|readwrite|deny] <filter>`, `pattern [...] <filter>`, lines that begin with `#` are
 * comments. Rules before the first `user` are for clients without a user name.
 * @throws ConfigError with the number of the line that is wrong
 */
export function parseAcl(text: string): AclRuleSet {
  const anonymous: AclRule[] = [];
  const users = new Map<string, AclRule[]>();
  const patterns: AclRule[] = [];
  let current = anonymous;
  for (const [index, raw] of text.split(LINE).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, keyword = '', rest = ''] = STATEMENT.exec(line) ?? [];
    try {
      if (keyword === 'user') current = rulesOf(users, rest);
      else if (keyword === 'topic') current.push(parseRule(rest));
      else if (keyword === 'pattern') patterns.push(checkedPattern(parseRule(rest)));
      else throw new ConfigError(`'${keyword}' is none of user, topic, pattern`);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`line ${String(index + 1)}: ${error.message}`, { cause: error });
    }
  }
  return { anonymous, users, patterns };
}

function rulesOf(users: Map<string, AclRule[]>, name: string): AclRule[] {
  if (name === '') throw new ConfigError('user without a name');
  const rules = users.get(name) ?? [];
  users.set(name, rules);
  return rules;
}

/** The filter may have spaces, so the access is looked for in front of it only. */
function parseRule(rest: string): AclRule {
  const [, first = '', behind = ''] = STATEMENT.exec(rest) ?? [];
  const hasAccess = ACCESSES.includes(first) && behind !== '';
  const filter = hasAccess ? behind : rest;
  if (!isValidTopicFilter(filter)) throw new ConfigError(`'${filter}' is no topic filter`);
  return { access: hasAccess ? (first as AclAccess) : AclAccess.READWRITE, filter };
}

function checkedPattern(rule: AclRule): AclRule {
  const isMixed = (level: string): boolean => /%[uc]/.test(level) && !/^%[uc]$/.test(level);
  if (rule.filter.split('/').some(isMixed)) {
    throw new ConfigError('%u and %c have to be a whole level of the topic');
  }
  return rule;
}
