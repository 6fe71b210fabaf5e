import { Folder } from './folder';
import { readFormat1 } from './format1';
import { readFormat2 } from './format2';
import { refuse } from './refuse';
import type { Checkpoint } from './values';

/** Reads a folder that NeuralForecast saved, of whichever version; a `configuration.json` says which. */
export async function readCheckpoint(
  where: string,
  { withData, signal }: { withData: boolean; signal?: AbortSignal | undefined },
): Promise<Checkpoint> {
  const folder = await Folder.open(where, signal);
  const read = folder.has('configuration.json')
    ? await readFormat2(folder, withData)
    : await readFormat1(folder, withData);
  if (read.models.length === 0) refuse(where, 'holds no model');
  return read;
}
