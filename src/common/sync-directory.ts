import { open } from 'node:fs/promises';

/** Makes durable which names are in a directory: that a file was renamed is not, before. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
