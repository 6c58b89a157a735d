import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeRain } from './rain.ts'

const samples = join(import.meta.dirname, '..', 'files')

/** Paths of the example's own files, and of a big one that is made in the folder. */
export async function defaultFiles(folder: string): Promise<string[]> {
  const names = (await readdir(samples)).filter(name => !name.startsWith('.')).sort()
  const rain = join(folder, 'rain.wav')
  await writeRain(rain)
  return [...names.map(name => join(samples, name)), rain]
}
