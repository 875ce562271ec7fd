/** A bar chart as SVG: groups of horizontal bars on a logarithmic scale. */

export interface ChartBar {
  /** What the bar stands for: bars of one name have one colour. */
  readonly name: string;
  /** Above 0. */
  readonly value: number;
}

export interface ChartGroup {
  readonly title: string;
  readonly bars: readonly ChartBar[];
}

const WIDTH = 900;
const LEFT = 70;
const RIGHT = 110;
const TOP = 64;
const BAR = 14;
const GAP = 12;
/** Told apart by people who see few colours, too. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#999999'];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (found) => ESCAPES[found] ?? '');

const number = (value: number): string => String(Math.round(value * 10) / 10);

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${number(x)}" y="${number(y)}"${more}>${escape(content)}</text>`;
}

const rect = (x: number, y: number, width: number, height: number, colour: string): string =>
  `<rect x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}" fill="${colour}"/>`;

/** Powers of ten around all values. */
function decades(groups: readonly ChartGroup[]): { low: number; high: number } {
  const logs = groups.flatMap(({ bars }) => bars.map(({ value }) => Math.log10(value)));
  const low = Math.floor(Math.min(...logs));
  return { low, high: Math.max(low + 1, Math.ceil(Math.max(...logs))) };
}

function legend(names: readonly string[], colourOf: (name: string) => string): string[] {
  return names.flatMap((name, index) => {
    const x = LEFT + index * 120;
    return [rect(x, 34, BAR, BAR, colourOf(name)), text(x + BAR + 6, 45, name)];
  });
}

/** The chart as the text of an SVG file. Groups without bars are left out. */
export function toSvg(
  title: string,
  groups: readonly ChartGroup[],
  label: (value: number) => string,
): string {
  const shown = groups.filter(({ bars }) => bars.length > 0);
  const names = [...new Set(shown.flatMap(({ bars }) => bars.map(({ name }) => name)))];
  const colourOf = (name: string): string => COLOURS[names.indexOf(name) % COLOURS.length] ?? '';
  const { low, high } = shown.length > 0 ? decades(shown) : { low: 0, high: 1 };
  const scale = (WIDTH - LEFT - RIGHT) / (high - low);
  const at = (log: number): number => LEFT + (log - low) * scale;
  const height = TOP + shown.reduce((sum, { bars }) => sum + bars.length * BAR + GAP, 0) + 24;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(height)}" font-family="sans-serif" font-size="11">`,
    rect(0, 0, WIDTH, height, '#ffffff'),
    text(LEFT, 22, title, ' font-size="15"'),
    ...legend(names, colourOf),
  ];
  for (let power = low; power <= high; power++) {
    const x = number(at(power));
    parts.push(`<path d="M${x} ${String(TOP)}V${String(height - 20)}" stroke="#dddddd"/>`);
    parts.push(text(at(power), height - 6, label(10 ** power), ' text-anchor="middle"'));
  }
  let y = TOP + GAP / 2;
  for (const group of shown) {
    const middle = y + (group.bars.length * BAR) / 2 + 4;
    parts.push(text(LEFT - 8, middle, group.title, ' text-anchor="end"'));
    for (const { name, value } of group.bars) {
      const end = at(Math.log10(value));
      parts.push(rect(LEFT, y + 1, Math.max(1, end - LEFT), BAR - 2, colourOf(name)));
      parts.push(text(Math.max(LEFT + 1, end) + 4, y + BAR - 3, label(value)));
      y += BAR;
    }
    y += GAP;
  }
  return `${[...parts, '</svg>'].join('\n')}\n`;
}
