import { createHash, hash } from 'node:crypto'
import type { Contender } from './contender.ts'

/**
 * Adds what lets reads be compared like with like: ours without verification, if it has any, as nearly all peers read,
 * and the floor with it.
 */
export function withReads(contenders: readonly Contender[]): readonly Contender[] {
  const ours = contenders.filter(({ role }) => role === 'ours').slice(0, 1)
  const floors = contenders.filter(({ role }) => role === 'floor').slice(0, 1)
  return [...contenders, ...ours.filter(({ verifies }) => verifies).map(unverified), ...floors.map(verified)]
}

function unverified(contender: Contender): Contender {
  return {
    ...contender,
    name: `${contender.name} unverified`,
    verifies: false,
    operations: ['get'],
    async open(setting) {
      const { getUnverified, ...rest } = await contender.open(setting)
      if (getUnverified === undefined) throw new Error('it cannot read without verification')
      return { ...rest, get: getUnverified }
    },
  }
}

function verified(floor: Contender): Contender {
  return {
    ...floor,
    name: 'read, hash',
    verifies: true,
    operations: ['get', 'stream out'],
    async open(setting) {
      const { get, getStream, ...rest } = await floor.open(setting)
      return {
        ...rest,
        async get(key) {
          const bytes = (await get?.(key)) ?? new Uint8Array()
          mustBe(key, hash('sha256', bytes))
          return bytes
        },
        ...(getStream && { getStream: async (key: string) => hashed(await getStream(key), key) }),
      }
    },
  }
}

async function* hashed(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  const digest = createHash('sha256')
  for await (const chunk of body) {
    digest.update(chunk)
    yield chunk
  }
  mustBe(key, digest.digest('hex'))
}

function mustBe(key: string, digest: string): void {
  if (!key.endsWith(digest)) throw new Error('the bytes are not those that were put')
}
