/** How much of a copy has been made. */
export interface BackupProgress {
  readonly entries: number;
  /** Of keys and values, before compression. */
  readonly bytes: number;
}

/** A store that can be copied while it is at work. */
export interface BackupSource {
  /**
   * Copies everything that is durable now, and nothing that comes later, into a new directory, which a store can
   * open. The directory is there when the copy is complete, and not before.
   * @param directory must not exist; its parent is made
   * @param tell called now and then
   * @throws StoreError STORE_LIMIT (rejection) when there is no room for it, else with the error of the file system
   *   or of `signal`; nothing is left of the copy then
   */
  backUp(
    directory: string,
    tell: (progress: BackupProgress) => void,
    signal: AbortSignal,
  ): Promise<BackupProgress>;
}

/** Whether it is one; a remote one is not. */
export function isBackupSource(store: object): store is BackupSource {
  return 'backUp' in store && typeof store.backUp === 'function';
}
