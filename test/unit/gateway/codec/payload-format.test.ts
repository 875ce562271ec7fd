import { expect } from 'chai';
import fc from 'fast-check';
import { announcesUtf8 } from '../../../../src/gateway/codec/payload-format.ts';
import { property, type Property } from '../../../helpers/properties5.ts';

const other = fc.oneof(
  fc.tuple(fc.constant('contentType' as const), fc.string()),
  fc.tuple(fc.constant('responseTopic' as const), fc.string()),
  fc.tuple(
    fc.constant('correlationData' as const),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
  fc.tuple(fc.constant('user' as const), fc.tuple(fc.string(), fc.string())),
);

describe('announcesUtf8', () => {
  it('finds the payload format indicator wherever it is', () => {
    fc.assert(
      fc.property(
        fc.array(other, { maxLength: 5 }),
        fc.array(other, { maxLength: 5 }),
        fc.constantFrom(0, 1, undefined),
        (before, after, value) => {
          const own: Property[] = value === undefined ? [] : [['payloadFormat', value]];
          const bytes = Buffer.concat([...before, ...own, ...after].map(property));
          expect(announcesUtf8(bytes)).to.equal(value === 1);
        },
      ),
    );
  });
});
