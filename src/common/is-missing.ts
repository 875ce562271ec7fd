/** Whether a file operation failed because the file or folder is not there (ENOENT), and not for another reason. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

/** What `operation` gives, or undefined where the file is not there. @throws whatever else it fails with (rejection) */
export async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
