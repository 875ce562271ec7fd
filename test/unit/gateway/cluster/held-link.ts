import type { StoreDialer, StoreLink } from '../../../../src/lmq/remote/store-link.ts';
import type { NodeFrame } from '../../../../src/rpc/messages/store-v1.ts';

/** A link to a store on which frames wait until they are let go, for counting the ways that something takes. */
export class HeldLink {
  readonly dial: StoreDialer;
  isHeld = false;
  #link: StoreLink | undefined;
  #frames: NodeFrame[] = [];

  constructor(dial: StoreDialer) {
    this.dial = (events) => {
      const link = dial(events);
      this.#link = link;
      return {
        address: link.address,
        send: (frame) => {
          if (!this.isHeld) return link.send(frame);
          this.#frames.push(frame);
          return true;
        },
        close: () => {
          link.close();
        },
      };
    };
  }

  /** Lets go of what has been sent so far, and returns it. */
  release(): readonly NodeFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    for (const frame of frames) this.#link?.send(frame);
    return frames;
  }

  /** Nothing waits any more. */
  letGo(): void {
    this.isHeld = false;
    this.release();
  }
}
