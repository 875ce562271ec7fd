import ts from 'typescript';
import { citedIn, type Cited, withoutCitations } from './citation.ts';

/** A statement, and the test that cites it. */
export type TestCitation = Cited & { readonly title: string };

/**
 * The statements that the tests of one file cite in a title, in a label of a table of tests, or in the
 * message of an expectation. Comments prove nothing and are not looked at.
 */
export function testCitations(path: string, text: string): TestCitation[] {
  const found: TestCitation[] = [];
  const visit = (node: ts.Node, test: string | undefined): void => {
    const title = titleOf(node);
    const inside = title?.calls === 'it' ? title.text : test;
    const literal = literalText(node);
    if (literal !== undefined) {
      const named = withoutCitations(test ?? literal);
      for (const cited of citedIn(path, literal)) found.push({ ...cited, title: named });
    }
    ts.forEachChild(node, (child) => {
      visit(child, inside);
    });
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest), undefined);
  return found;
}

/** The title of a call of `it` or `describe`. */
function titleOf(node: ts.Node): { calls: string; text: string } | undefined {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  const text = node.arguments[0] === undefined ? undefined : literalText(node.arguments[0]);
  return text === undefined ? undefined : { calls: node.expression.text, text };
}

/** The text of a string; what a template fills in is an ellipsis. */
function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
}
