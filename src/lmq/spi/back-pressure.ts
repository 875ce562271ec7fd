/**
 * Whether a store takes more: not from where more than a limit of bytes wait to be durable until half of it is left,
 * so that publishers are not paused and resumed with every commit.
 */
export class BackPressure {
  readonly #maxBacklogBytes: number;
  #isPaused = false;

  constructor(maxBacklogBytes: number) {
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  /** @param backlogBytes that wait to be durable now */
  takesMore(backlogBytes: number): boolean {
    if (backlogBytes > this.#maxBacklogBytes) this.#isPaused = true;
    return !this.#isPaused;
  }

  /**
   * To be called after each commit. True when a pause has ended with it: whoever was refused is to be told.
   * @param backlogBytes that wait to be durable now
   */
  hasEased(backlogBytes: number): boolean {
    if (!this.#isPaused || backlogBytes > this.#maxBacklogBytes / 2) return false;
    this.#isPaused = false;
    return true;
  }
}
