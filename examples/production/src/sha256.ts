import { createHash } from 'node:crypto'

/** Digest in lower-case hex of anything that comes piece by piece; it owes nothing to the library that it checks. */
export async function sha256(body: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of body) hash.update(chunk)
  return hash.digest('hex')
}
