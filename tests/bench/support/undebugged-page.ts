// A page that nobody listens in on. Playwright has the browser keep a copy of every response's body for its network events,
// in the renderer itself: 70 MB of a lab's start. So this one is opened past it, and only ever asked to evaluate.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession } from 'playwright';

const patience = 60;

export class UndebuggedPage {
  readonly #browser: CDPSession;
  readonly #session: string;
  #asked = 0;

  private constructor(browser: CDPSession, session: string) {
    this.#browser = browser;
    this.#session = session;
  }

  /** In a context of its own: nothing is cached. */
  static async open(browser: Browser, url: string): Promise<UndebuggedPage> {
    const session = await browser.newBrowserCDPSession();
    const { browserContextId } = await session.send('Target.createBrowserContext');
    const { targetId } = await session.send('Target.createTarget', { url, browserContextId, width: 1440, height: 900 });
    // Not flattened: a session of Playwright's reaches this target by messages only.
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    return new UndebuggedPage(session, sessionId);
  }

  /** The value of a JavaScript expression. */
  async evaluate(expression: string): Promise<unknown> {
    const id = ++this.#asked;
    const answer = new Promise<string>((resolve) => {
      const hear = ({ sessionId, message }: { sessionId: string; message: string }): void => {
        if (sessionId !== this.#session || (JSON.parse(message) as { id?: number }).id !== id) return;
        this.#browser.off('Target.receivedMessageFromTarget', hear);
        resolve(message);
      };
      this.#browser.on('Target.receivedMessageFromTarget', hear);
    });
    const message = JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression, returnByValue: true } });
    await this.#browser.send('Target.sendMessageToTarget', { sessionId: this.#session, message });
    const { result } = JSON.parse(await answer) as { result?: { result?: { value?: unknown } } };
    return result?.result?.value;
  }

  /** Asks again and again until the expression is true. */
  async until(expression: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < patience * 10; waited++) {
      if ((await this.evaluate(expression)) === true) return;
      await sleep(100, undefined, { signal });
    }
    throw new Error(`Waited ${patience} s until ${expression}`);
  }
}
