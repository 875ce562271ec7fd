import { eventually } from '../helpers/eventually.ts';
import type { Chromium, Page } from './chromium.ts';

const TIMEOUT_MS = 15_000;

type Form = 'connect' | 'subscribe' | 'publish' | 'disconnect';

/** The page of example/browser, used as its visitors do: fill in a form, press its button, read the log. */
export class BrowserClient {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async open(chromium: Chromium, url: string): Promise<BrowserClient> {
    const page = await chromium.open(url);
    // The script fills in a client id when it is loaded.
    const isLoaded = `() => document.readyState === 'complete' &&
      (document.querySelector('[name=clientId]')?.value ?? '') !== ''`;
    await eventually(
      'the page to load',
      async () => (await page.run(isLoaded)) === true,
      TIMEOUT_MS,
    );
    return new BrowserClient(page);
  }

  async submit(form: Form, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    const code = `(id, fields) => {
      const form = document.getElementById(id);
      for (const [name, value] of Object.entries(fields)) form.elements[name].value = value;
      form.querySelector('button').click();
    }`;
    await this.#page.run(code, form, fields);
  }

  /** The lines of the page's log. */
  async lines(): Promise<readonly string[]> {
    const code = `() => [...document.querySelectorAll('#log li')].map((line) => line.textContent)`;
    return (await this.#page.run(code)) as readonly string[];
  }

  /** Waits for a line of the log. */
  async shows(line: string | RegExp): Promise<void> {
    let lines: readonly string[] = [];
    const isThere = async (): Promise<boolean> => {
      lines = await this.lines();
      return lines.some((text) => (typeof line === 'string' ? text === line : line.test(text)));
    };
    await eventually(String(line), isThere, TIMEOUT_MS).catch((error: unknown) => {
      throw new Error(`not in the page: ${String(line)}; it has:\n${lines.join('\n')}`, {
        cause: error,
      });
    });
  }

  async close(): Promise<void> {
    await this.#page.close();
  }
}
