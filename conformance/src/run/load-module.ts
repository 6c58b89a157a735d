import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Loads an ES module by its URL or its path. */
export async function loadModule<T>(module: string): Promise<T> {
  // A drive of Windows is one letter and a colon. A scheme has more letters.
  const url = /^[a-z]{2,}:/.test(module) ? module : pathToFileURL(resolve(module)).href
  return (await import(url)) as T
}
