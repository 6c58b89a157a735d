import { MemoryManifestDriver } from '../../manifest-drivers/memory-driver.ts'
import type { Entries, Range, SabotagedDriver } from './sabotage.ts'

/** Drivers whose `get` or `scan` is wrong. */
export const readingSabotages: readonly SabotagedDriver[] = [
  class DropsAbsent extends MemoryManifestDriver {
    static readonly defect = 'get leaves out what is absent, so that values stand at the wrong keys'
    static readonly caughtBy = ['manifest-driver/get/in-order']
    override async get(keys: readonly string[]) {
      return (await super.get(keys)).filter(value => value !== undefined)
    }
  },
  class EmptyIsAbsent extends MemoryManifestDriver {
    static readonly defect = 'get takes an empty value for none'
    static readonly caughtBy = ['manifest-driver/get/in-order', 'manifest-driver/get/any-value']
    override async get(keys: readonly string[]) {
      return (await super.get(keys)).map(value => value || undefined)
    }
  },
  class FirstHundred extends MemoryManifestDriver {
    static readonly defect = 'get asks for a hundred keys and forgets the rest'
    static readonly caughtBy = ['manifest-driver/get/thousand']
    override async get(keys: readonly string[]) {
      const values = await super.get(keys.slice(0, 100))
      return keys.map((_, at) => values[at])
    }
  },
  class InKeyOrder extends MemoryManifestDriver {
    static readonly defect = 'get gives values in the order of the backend, not in that of the keys'
    static readonly caughtBy = ['manifest-driver/get/in-order']
    override async get(keys: readonly string[]) {
      return super.get([...keys].sort())
    }
  },
  class Numbers extends MemoryManifestDriver {
    static readonly defect = 'values that look like numbers come back as the number'
    static readonly caughtBy = ['manifest-driver/get/any-value']
    override async get(keys: readonly string[]) {
      return (await super.get(keys)).map(value => (value?.trim() && Number(value) ? String(Number(value)) : value))
    }
  },
  class EndIncluded extends MemoryManifestDriver {
    static readonly defect = 'a scan includes its end'
    static readonly caughtBy = ['manifest-driver/scan/bounds']
    override async scan({ start, end, limit }: Range) {
      return super.scan({ start, end: `${end} `, limit })
    }
  },
  class StartExcluded extends MemoryManifestDriver {
    static readonly defect = 'a scan begins after its start'
    static readonly caughtBy = ['manifest-driver/scan/bounds', 'manifest-driver/scan/limit']
    override async scan({ start, end, limit }: Range) {
      return super.scan({ start: `${start} `, end, limit })
    }
  },
  class NoLimit extends MemoryManifestDriver {
    static readonly defect = 'a scan ignores its limit'
    static readonly caughtBy = ['manifest-driver/scan/limit', 'manifest-driver/scan/thousands']
    override async scan({ start, end }: Range) {
      return super.scan({ start, end, limit: Number.POSITIVE_INFINITY })
    }
  },
  class ShortPages extends MemoryManifestDriver {
    static readonly defect = 'a scan gives a hundred entries where more were asked for, as if there were no more'
    static readonly caughtBy = ['manifest-driver/scan/thousands']
    override async scan({ start, end, limit }: Range) {
      return super.scan({ start, end, limit: Math.min(limit, 100) })
    }
  },
  class Dictionary extends MemoryManifestDriver {
    static readonly defect = 'the backend sorts text as a dictionary does, and not by the codes of its characters'
    static readonly caughtBy = ['manifest-driver/scan/thousands', 'manifest-driver/get/any-key']
    override async scan(range: Range): Promise<Entries> {
      return (await super.scan(range)).sort(([a], [b]) => a.localeCompare(b, 'en'))
    }
  },
  class LimitBeforeOrder extends MemoryManifestDriver {
    static readonly defect = 'a scan takes any entries up to its limit, and sorts these'
    static readonly caughtBy = ['manifest-driver/scan/limit', 'manifest-driver/scan/thousands']
    override async scan({ start, end, limit }: Range) {
      return [...this.map.values]
        .filter(([key]) => key >= start && key < end)
        .reverse()
        .slice(0, limit)
        .sort(([a], [b]) => (a < b ? -1 : 1)) as Entries
    }
  },
  class Prefixes extends MemoryManifestDriver {
    static readonly defect = 'a scan takes its start for a prefix'
    static readonly caughtBy = ['manifest-driver/scan/bounds']
    override async scan(range: Range) {
      return (await super.scan(range)).filter(([key]) => key.startsWith(range.start.trimEnd()))
    }
  },
  class FoldsCase extends MemoryManifestDriver {
    static readonly defect = 'the backend compares keys without regard to upper and lower case'
    static readonly caughtBy = ['manifest-driver/get/any-key']
    override async get(keys: readonly string[]) {
      const folded = new Map([...this.map.values].map(([key, value]) => [key.toLowerCase(), value]))
      return keys.map(key => folded.get(key.toLowerCase()))
    }
  },
  class Remembers extends MemoryManifestDriver {
    static readonly defect = 'get gives what it has given before, whatever another driver has applied'
    static readonly caughtBy = ['manifest-driver/concurrency/seen-at-once']
    readonly #remembered = new Map<string, string | undefined>()
    override async get(keys: readonly string[]) {
      const values = await super.get(keys)
      return keys.map((key, at) => {
        if (!this.#remembered.has(key)) this.#remembered.set(key, values[at])
        return this.#remembered.get(key)
      })
    }
    override async apply(changes: Parameters<MemoryManifestDriver['apply']>[0]) {
      for (const key of [...changes.reads.keys(), ...changes.writes.keys()]) this.#remembered.delete(key)
      return super.apply(changes)
    }
  },
]
