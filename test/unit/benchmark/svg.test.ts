import { expect } from 'chai';
import { toSvg } from '../../../benchmark/svg.ts';

const bars = (svg: string): { x: number; width: number; fill: string }[] =>
  [
    ...svg.matchAll(/<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="12" fill="(#\w+)"/g),
  ].map(([, x, width, fill]) => ({ x: Number(x), width: Number(width), fill: fill ?? '' }));

describe('benchmark chart', () => {
  it('draws bars whose length grows with the logarithm', () => {
    const svg = toSvg(
      'rates',
      [{ title: 'a', bars: [10, 100, 1000].map((value) => ({ name: `b${value}`, value })) }],
      String,
    );
    const [ten, hundred, thousand] = bars(svg).map(({ width }) => width);
    expect(ten).to.equal(1); // the lower end of the scale
    expect(thousand).to.be.closeTo(2 * (hundred ?? 0), 0.2);
  });

  it('gives one broker one colour in every group', () => {
    const group = (title: string) => ({
      title,
      bars: [
        { name: 'x', value: 2 },
        { name: 'y', value: 3 },
      ],
    });
    const fills = bars(toSvg('t', [group('a'), group('b')], String)).map(({ fill }) => fill);
    expect(fills[0]).to.equal(fills[2]);
    expect(fills[1]).to.equal(fills[3]);
    expect(fills[0]).not.to.equal(fills[1]);
  });

  it('escapes text and leaves empty groups out', () => {
    const svg = toSvg(
      'a < b & "c"',
      [
        { title: 'none', bars: [] },
        { title: "it's", bars: [{ name: '<n>', value: 1 }] },
      ],
      String,
    );
    expect(svg).to.include('a &lt; b &amp; &quot;c&quot;').and.include('&lt;n&gt;');
    expect(svg).to.include('it&#39;s').and.not.include('none');
  });

  it('is whole without any bar', () => {
    expect(toSvg('t', [], String)).to.match(/^<svg [^]*<\/svg>\n$/);
  });
});
