import { Bystanders } from './bystanders.ts';
import { type Bytes } from '../helpers/raw-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

/** What is wrong, with the [MQTT-…] id where there is one, and the bytes that a connected client sends. */
export type Malformed = readonly (readonly [
  what: string,
  bytes: Bytes,
  lenient?: typeof LENIENT,
])[];

/** Marks what mosquitto lets pass although MQTT 3.1.1 forbids it. */
export const LENIENT = 'mosquitto lets it pass';

/** One test for each: the sender is closed without an answer, and honest clients go on undisturbed. */
export function describeMalformed(title: string, cases: Malformed): void {
  describe(`wire: 13 malformed: ${title}`, () => {
    const wire = useWire();
    for (const [what, bytes, lenient] of cases) {
      if (isMosquitto && lenient === LENIENT) continue;
      it(`closes on ${what} [MQTT-4.8.0-1]`, async () => {
        const bystanders = await Bystanders.join(wire);
        const client = await wire.connected();
        client.send(bytes);
        await client.expectClose();
        await bystanders.check();
      });
    }
  });
}
