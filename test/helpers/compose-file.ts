/** What a Compose file says: mappings, lists and texts. */
export type ComposeValue = string | readonly ComposeValue[] | ComposeMap;
export type ComposeMap = ReadonlyMap<string, ComposeValue>;

interface Line {
  readonly indent: number;
  readonly text: string;
}

const KEY = /^(<<|[\w.-]+):(?: (.*))?$/;

/**
 * Reads the YAML of `deploy/compose.yaml`: block mappings and lists, flow lists of texts, literal blocks, anchors,
 * and aliases with merging. @throws Error at a line that it does not understand
 */
export function readComposeFile(text: string): ComposeMap {
  return new ComposeReader(text).read();
}

class ComposeReader {
  readonly #lines: Line[];
  readonly #anchors = new Map<string, ComposeValue>();
  #next = 0;

  constructor(text: string) {
    this.#lines = text
      .split('\n')
      .filter((line) => !/^\s*(#.*)?$/.test(line))
      .map((line) => ({ indent: line.search(/\S/), text: line.trim() }));
  }

  read(): ComposeMap {
    const map = this.#map(0);
    const rest = this.#lines[this.#next];
    if (rest !== undefined) throw new Error(`not understood: ${rest.text}`);
    return map;
  }

  #at(indent: number): string | undefined {
    const line = this.#lines[this.#next];
    return line?.indent === indent ? line.text : undefined;
  }

  #map(indent: number): ComposeMap {
    const map = new Map<string, ComposeValue>();
    for (let text = this.#at(indent); text !== undefined; text = this.#at(indent)) {
      const [, key = '', inline = ''] = KEY.exec(text) ?? [];
      if (key === '') throw new Error(`not understood: ${text}`);
      this.#next++;
      const value = this.#value(inline, indent);
      if (key !== '<<') map.set(key, value);
      // A key of its own wins over one that is merged in.
      else
        for (const [name, merged] of value as ComposeMap) if (!map.has(name)) map.set(name, merged);
    }
    return map;
  }

  #value(inline: string, indent: number): ComposeValue {
    const [, anchor, rest = inline] = /^&(\S+) ?(.*)$/.exec(inline) ?? [];
    const value = rest === '' || rest === '|' ? this.#below(rest, indent) : this.#scalar(rest);
    if (anchor !== undefined) this.#anchors.set(anchor, value);
    return value;
  }

  #below(mark: string, indent: number): ComposeValue {
    const inner = this.#lines[this.#next];
    if (inner === undefined || inner.indent <= indent) return '';
    if (mark === '|') return this.#block(indent).join('\n');
    return inner.text.startsWith('- ') ? this.#list(inner.indent) : this.#map(inner.indent);
  }

  #list(indent: number): ComposeValue[] {
    const list: ComposeValue[] = [];
    for (let text = this.#at(indent); text?.startsWith('- ') === true; text = this.#at(indent)) {
      this.#next++;
      list.push(this.#value(text.slice(2), indent));
    }
    return list;
  }

  #block(indent: number): string[] {
    const block: string[] = [];
    for (let line = this.#lines[this.#next]; line !== undefined; line = this.#lines[this.#next]) {
      if (line.indent <= indent) break;
      block.push(line.text);
      this.#next++;
    }
    return block;
  }

  #scalar(text: string): ComposeValue {
    if (text.startsWith('*')) {
      const value = this.#anchors.get(text.slice(1));
      if (value === undefined) throw new Error(`no anchor ${text}`);
      return value;
    }
    if (text.startsWith('[')) {
      return text
        .slice(1, -1)
        .split(',')
        .map((part) => unquoted(part.trim()));
    }
    return unquoted(text);
  }
}

function unquoted(text: string): string {
  return /^'.*'$/.test(text) ? text.slice(1, -1).replaceAll("''", "'") : text;
}
