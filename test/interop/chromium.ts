import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerProcess } from '../helpers/server-process.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';
import { DevTools } from './devtools.ts';

const START_TIMEOUT_MS = 45_000;

/** Nothing but pages on loopback is opened, and nothing else on the network. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-breakpad',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  // The certificates of the tests are signed by an authority that no browser knows.
  '--ignore-certificate-errors',
  '--remote-debugging-port=0',
];

/** Fails with a clear message where Debian's package chromium is missing. */
export function requireChromium(): void {
  try {
    execFileSync('sh', ['-c', 'command -v chromium']);
  } catch (error) {
    throw new Error('chromium is missing: apt-get install chromium', { cause: error });
  }
}

/** A page in a tab of its own. */
export class Page {
  readonly #devTools: DevTools;
  readonly #sessionId: string;
  readonly #targetId: string;

  constructor(devTools: DevTools, sessionId: string, targetId: string) {
    this.#devTools = devTools;
    this.#sessionId = sessionId;
    this.#targetId = targetId;
  }

  /** What a function returns in the page; its arguments and result travel as JSON. */
  async run(code: string, ...args: readonly unknown[]): Promise<unknown> {
    const expression = `(${code})(...${JSON.stringify(args)})`;
    const options = { expression, awaitPromise: true, returnByValue: true };
    const answer = await this.#devTools.call('Runtime.evaluate', options, this.#sessionId);
    const { result, exceptionDetails } = answer as {
      readonly result: { readonly value?: unknown; readonly description?: string };
      readonly exceptionDetails?: unknown;
    };
    if (exceptionDetails !== undefined) throw new Error(`in the page: ${result.description ?? ''}`);
    return result.value;
  }

  async close(): Promise<void> {
    await this.#devTools.call('Target.closeTarget', { targetId: this.#targetId });
  }
}

/** Debian's Chromium without a window, with a new and empty profile. */
export class Chromium {
  readonly #process: ServerProcess;
  readonly #profile: string;
  #devTools: DevTools | undefined;

  private constructor(profile: string) {
    this.#profile = profile;
    this.#process = new ServerProcess({
      program: 'chromium',
      args: [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'],
      env: { HOME: profile, TMPDIR: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    });
  }

  static async start(): Promise<Chromium> {
    requireChromium();
    const chromium = new Chromium(await makeTempDir());
    try {
      await chromium.#attach();
    } catch (error) {
      await chromium.stop();
      throw error;
    }
    return chromium;
  }

  /** Opens a page; its scripts may still be loading. */
  async open(url: string): Promise<Page> {
    const devTools = this.#devTools;
    if (devTools === undefined) throw new Error('the browser is not started');
    const { targetId } = await devTools.call('Target.createTarget', { url });
    const attachment = { targetId, flatten: true };
    const { sessionId } = await devTools.call('Target.attachToTarget', attachment);
    return new Page(devTools, sessionId as string, targetId as string);
  }

  async stop(): Promise<void> {
    this.#devTools?.close();
    await this.#process.kill('SIGTERM');
    await removeTempDir(this.#profile);
  }

  async #attach(): Promise<void> {
    const file = join(this.#profile, 'DevToolsActivePort');
    const read = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
    await this.#process.untilReady(() => read().length >= 2, START_TIMEOUT_MS);
    const [port = '', path = ''] = read();
    this.#devTools = await DevTools.connect(`ws://127.0.0.1:${port}${path}`);
  }
}
