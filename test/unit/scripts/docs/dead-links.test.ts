import { expect } from 'chai';
import { deadLinks } from '../../../../scripts/docs/dead-links.ts';

const FILES = ['README.md', 'docs', 'docs/a.md', 'docs/b.md', 'src/x.ts'];

function deadIn(text: string): string[] {
  const pages = new Map([
    ['README.md', '# Read me'],
    ['docs/a.md', text],
    ['docs/b.md', '# A page\n\n## What `i1` *holds* back: (ADR 5)\n\n```\n# no heading\n```\n'],
  ]);
  return deadLinks(pages, (path) => FILES.includes(path));
}

describe('scripts: links of the pages', () => {
  it('may go to files, folders and headings that are there, and anywhere else', () => {
    expect(
      deadIn(`# Here

[a](b.md) [b](../README.md) [c](../src/x.ts#L5) [d](../docs) [e](#here)
[f](b.md#what-i1-holds-back-adr-5) [g](https://example.com/none.md#none) [h](mailto:a@example.com)`),
    ).to.deep.equal([]);
  });

  it('are dead when the file or the heading is not there', () => {
    expect(
      deadIn('[a](c.md) [b](../docs/c.md#x), [c](b.md#no-heading) and [d](#there)'),
    ).to.deep.equal([
      'docs/a.md: no file c.md',
      'docs/a.md: no file ../docs/c.md#x',
      'docs/a.md: no heading b.md#no-heading',
      'docs/a.md: no heading #there',
    ]);
  });

  it('are none within code', () => {
    expect(deadIn('```\nfor (const [a](b.md#no) of c) ;\n```\n')).to.deep.equal([]);
  });
});
