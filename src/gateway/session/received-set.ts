import { runWriter } from './received-runs.ts';

/** Identifiers of a page: 32 pages have all that there are. */
const PAGE_IDS = 2048;
export const RECEIVED_PAGES = 32;
/** A bit for each identifier, lowest bit first. */
export const PAGE_BYTES: number = PAGE_IDS / 8;
/** With more runs than this they are saved in pages, with as many as that in the in-flight record again. */
export const PAGED_ABOVE_RUNS = 256;
const INLINE_FROM_RUNS = 64;
/** Of a run in a record: two varints below 2 ** 17 and 2 ** 16. */
const MOST_RUN_BYTES = 6;

interface Page {
  readonly bits: Uint8Array;
  /** Bits that are set. */
  count: number;
}

/**
 * Packet identifiers of QoS 2 publishes that one store has received and that are not released: [MQTT-4.3.3-2]. A client
 * may have all 65,535 of them at once, and each publish saves what has changed. Few runs are part of the in-flight
 * record; many, which only a client has that releases every other one, are pages of their own (ADR 881), so
 * that a publish costs a page at most.
 */
export class ReceivedSet {
  readonly #pages: (Page | undefined)[] = [];
  /** An empty page to be used again: windows move on through the identifiers. */
  #spare: Page | undefined;
  #size = 0;
  #runs = 0;
  #isPaged = false;
  /** Pages that differ from what is stored of them, and pages that are stored, as bits. */
  #dirty = 0;
  #stored = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Pages that the in-flight record has to name, as bits; undefined when the identifiers are part of it. */
  get pages(): number | undefined {
    return this.#isPaged ? this.#present() : undefined;
  }

  /** Pages that are to be written or deleted, as bits; current after `settle`. */
  get changedPages(): number {
    return this.#isPaged ? this.#dirty : this.#stored;
  }

  /** Most bytes that `write` takes. */
  get mostBytes(): number {
    return this.#isPaged ? 0 : this.#runs * MOST_RUN_BYTES;
  }

  has(packetId: number): boolean {
    const page = this.#pages[packetId >> 11];
    if (page === undefined) return false;
    return (((page.bits[(packetId >> 3) & 0xff] as number) >> (packetId & 7)) & 1) === 1;
  }

  /** Does nothing when it is there. */
  add(packetId: number): void {
    if (this.has(packetId)) return;
    const index = packetId >> 11;
    const page = (this.#pages[index] ??= this.#emptyPage());
    page.count++;
    this.#flip(page, packetId);
    this.#size++;
    this.#runs += 1 - this.#neighbours(packetId);
  }

  /** Whether it was there. */
  delete(packetId: number): boolean {
    if (!this.has(packetId)) return false;
    const index = packetId >> 11;
    const page = this.#pages[index] as Page;
    page.count--;
    this.#flip(page, packetId);
    this.#size--;
    this.#runs -= 1 - this.#neighbours(packetId);
    if (page.count === 0) {
      this.#pages[index] = undefined;
      this.#spare = page;
    }
    return true;
  }

  /** Decides whether they are part of the record or pages; to be called before either is written. */
  settle(): void {
    if (!this.#isPaged && this.#runs > PAGED_ABOVE_RUNS) {
      this.#isPaged = true;
      this.#dirty = this.#present() | this.#stored;
    } else if (this.#isPaged && this.#runs <= INLINE_FROM_RUNS) {
      this.#isPaged = false;
      this.#dirty = 0;
    }
  }

  /** What is to be stored of a page; undefined when it is to be deleted. */
  page(index: number): Buffer | undefined {
    const page = this.#isPaged ? this.#pages[index] : undefined;
    return page === undefined ? undefined : Buffer.from(page.bits);
  }

  /** Changed pages are in the commit. */
  saved(): void {
    this.#dirty = 0;
    this.#stored = this.#isPaged ? this.#present() : 0;
  }

  /** Pages are written whole once more: a commit may have failed. */
  touch(): void {
    if (this.#isPaged) this.#dirty = this.#present() | this.#stored;
  }

  /** All are gone; what is stored of them is to be deleted. */
  clear(): void {
    this.#pages.length = 0;
    this.#size = 0;
    this.#runs = 0;
    this.#isPaged = false;
    this.#dirty = 0;
  }

  /** Takes a page as it is stored. The set counts as saved in pages from now on. */
  load(index: number, bits: Uint8Array): void {
    this.#isPaged = true;
    const first = index * PAGE_IDS;
    for (let i = 0; i < PAGE_IDS; i++) {
      if ((((bits[i >> 3] as number) >> (i & 7)) & 1) === 1) this.add(first + i);
    }
    this.#dirty &= ~(1 << index);
    this.#stored |= 1 << index;
  }

  /** Writes them as runs, ascending; returns the position after them. Nothing when they are in pages. */
  write(target: Buffer, start: number): number {
    if (this.#isPaged) return start;
    runWriter.begin(target, start);
    for (let index = 0; index < this.#pages.length; index++) {
      const page = this.#pages[index];
      let left = page?.count ?? 0;
      for (let byte = 0; page !== undefined && left > 0; byte++) {
        const bits = page.bits[byte] as number;
        if (bits === 0) continue;
        const base = index * PAGE_IDS + byte * 8;
        for (let bit = 0; bit < 8; bit++) {
          if (((bits >> bit) & 1) === 0) continue;
          left--;
          runWriter.add(base + bit);
        }
      }
    }
    return runWriter.end();
  }

  #present(): number {
    let bits = 0;
    for (let index = 0; index < this.#pages.length; index++) {
      if (this.#pages[index] !== undefined) bits |= 1 << index;
    }
    return bits;
  }

  #emptyPage(): Page {
    const page = this.#spare ?? { bits: new Uint8Array(PAGE_BYTES), count: 0 };
    this.#spare = undefined;
    return page;
  }

  #flip({ bits }: Page, packetId: number): void {
    const at = (packetId >> 3) & 0xff;
    bits[at] = (bits[at] as number) ^ (1 << (packetId & 7));
    this.#dirty |= 1 << (packetId >> 11);
  }

  /** How many of those beside it are there. */
  #neighbours(packetId: number): number {
    return (this.has(packetId - 1) ? 1 : 0) + (this.has(packetId + 1) ? 1 : 0);
  }
}
