import { dirname, join } from 'node:path/posix';

const FENCED = /^ *```[\s\S]*?^ *```/gm;
/** `](target)` of a link, without a title. */
const LINK = /\]\((?<target>[^)\s]+)\)/g;
const ELSEWHERE = /^[a-z]+:/;
const HEADING = /^#+ +(?<title>.*)$/gm;

/**
 * Links to files and headings that are not there, one line each; links to other sites are not looked at.
 * @param pages Markdown by path from the root of the project
 * @param exists whether there is a file or folder at a path from the root
 */
export function deadLinks(
  pages: ReadonlyMap<string, string>,
  exists: (path: string) => boolean,
): string[] {
  const dead: string[] = [];
  for (const [path, text] of pages) {
    for (const { groups } of text.replace(FENCED, '').matchAll(LINK)) {
      const link = groups?.['target'] ?? '';
      if (ELSEWHERE.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!exists(target)) dead.push(`${path}: no file ${link}`);
      else if (anchor !== undefined && pages.has(target)) {
        if (!anchorsOf(pages.get(target) ?? '').has(anchor))
          dead.push(`${path}: no heading ${link}`);
      }
    }
  }
  return dead;
}

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const { groups } of page.replace(FENCED, '').matchAll(HEADING)) {
    const words = (groups?.['title'] ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '');
    anchors.add(words.replaceAll(' ', '-'));
  }
  return anchors;
}
