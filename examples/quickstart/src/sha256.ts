import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** Digest in lower-case hex of anything that comes piece by piece; it owes nothing to the library that it checks. */
export async function sha256(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}

export function sha256OfFile(path: string): Promise<string> {
  return sha256(createReadStream(path))
}
