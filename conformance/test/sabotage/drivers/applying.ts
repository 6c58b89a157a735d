import { MemoryManifestDriver, type SharedMap } from '../../manifest-drivers/memory-driver.ts'
import type { Changes, Range, SabotagedDriver } from './sabotage.ts'

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

const none: Changes['reads'] = new Map()

/** Drivers whose `apply` is wrong, or what they say of themselves. */
export const applyingSabotages: readonly SabotagedDriver[] = [
  class NoReads extends MemoryManifestDriver {
    static readonly defect = 'apply writes whatever was read'
    static readonly caughtBy = [
      'manifest-driver/apply/told-apart',
      ...[
        'intent-and-others',
        'intent-and-claim',
        'commit-and-claim',
        'release-and-others',
        'lookup-and-others',
        'claims',
      ],
      ...['settle-and-others', 'purge-and-others', 'audit-and-others', 'forget-and-others'],
    ].map(id => (id.includes('/') ? id : `manifest-driver/interleavings/${id}`))
    override async apply({ writes }: Changes) {
      return super.apply({ reads: none, writes })
    }
  },
  class PresentReads extends MemoryManifestDriver {
    static readonly defect = 'apply does not check reads of what was absent'
    static readonly caughtBy = ['manifest-driver/apply/absent-reads', 'manifest-driver/interleavings/audit-and-others']
    override async apply({ reads, writes }: Changes) {
      return super.apply({ reads: new Map([...reads].filter(([, value]) => value !== undefined)), writes })
    }
  },
  class WrittenReads extends MemoryManifestDriver {
    static readonly defect = 'apply checks only the reads of keys that it writes'
    static readonly caughtBy = [
      'manifest-driver/apply/each-read-counts',
      'manifest-driver/concurrency/write-skew',
      'manifest-driver/interleavings/intent-and-claim',
    ]
    override async apply({ reads, writes }: Changes) {
      return super.apply({ reads: new Map([...reads].filter(([key]) => writes.has(key))), writes })
    }
  },
  class FirstRead extends MemoryManifestDriver {
    static readonly defect = 'apply checks the first read'
    static readonly caughtBy = ['manifest-driver/apply/each-read-counts']
    override async apply({ reads, writes }: Changes) {
      return super.apply({ reads: new Map([...reads].slice(0, 1)), writes })
    }
  },
  class AbsentOrEmpty extends MemoryManifestDriver {
    static readonly defect = 'a read of an absent key and one of an empty value are the same'
    static readonly caughtBy = ['manifest-driver/apply/absent-reads', 'manifest-driver/get/any-value']
    override async apply({ reads, writes }: Changes) {
      for (const [key, value] of reads) if ((this.map.values.get(key) ?? '') !== (value ?? '')) return false
      return super.apply({ reads: none, writes })
    }
  },
  class Trims extends MemoryManifestDriver {
    static readonly defect = 'apply compares values as the backend does that ignores spaces at their end'
    static readonly caughtBy = ['manifest-driver/get/any-value']
    override async apply({ reads, writes }: Changes) {
      for (const [key, value] of reads) if (this.map.values.get(key)?.trimEnd() !== value?.trimEnd()) return false
      return super.apply({ reads: none, writes })
    }
  },
  class WritesAsItReads extends MemoryManifestDriver {
    static readonly defect = 'apply begins to write before all reads are checked'
    static readonly caughtBy = ['manifest-driver/apply/told-apart', 'manifest-driver/apply/each-read-counts']
    override async apply({ reads, writes }: Changes) {
      const [first] = writes
      if (first !== undefined && !reads.has(first[0])) this.map.set(...first)
      return super.apply({ reads, writes })
    }
  },
  class WritesFirst extends MemoryManifestDriver {
    static readonly defect = 'apply checks reads against what it has written itself'
    static readonly caughtBy = ['manifest-driver/apply/same-key']
    override async apply({ reads, writes }: Changes) {
      for (const [key, value] of reads) if (!writes.has(key) && this.map.values.get(key) !== value) return false
      for (const [key, value] of reads) if (writes.has(key) && writes.get(key) !== value) return false
      return super.apply({ reads: none, writes })
    }
  },
  class TrueWithoutWrites extends MemoryManifestDriver {
    static readonly defect = 'without writes, apply is true at once'
    static readonly caughtBy = [
      'manifest-driver/apply/reads-alone',
      'manifest-driver/concurrency/never-halfway',
      'manifest-driver/interleavings/lookup-and-others',
    ]
    override async apply(changes: Changes) {
      await turn()
      return changes.writes.size === 0 || super.apply(changes)
    }
    override async get(keys: readonly string[]) {
      const values = []
      for (const key of keys) {
        values.push(this.map.values.get(key))
        await turn()
      }
      return values
    }
  },
  class NothingIsFalse extends MemoryManifestDriver {
    static readonly defect = 'apply of nothing is false'
    static readonly caughtBy = ['manifest-driver/apply/reads-alone']
    override async apply(changes: Changes) {
      return changes.reads.size + changes.writes.size > 0 && super.apply(changes)
    }
  },
  class SaysHow extends MemoryManifestDriver {
    static readonly defect = 'apply resolves with how many keys it has written, which is 0 for none'
    static readonly caughtBy = ['manifest-driver/apply/told-apart']
    override async apply(changes: Changes) {
      return ((await super.apply(changes)) && changes.writes.size) as boolean
    }
  },
  class Thousand extends MemoryManifestDriver {
    static readonly defect = 'apply makes a thousand writes and drops the rest'
    static readonly caughtBy = ['manifest-driver/apply/largest']
    override async apply({ reads, writes }: Changes) {
      return super.apply({ reads, writes: new Map([...writes].slice(0, 1000)) })
    }
  },
  class InPieces extends MemoryManifestDriver {
    static readonly defect = 'a large apply is done in pieces, each with its reads'
    static readonly caughtBy = ['manifest-driver/apply/largest']
    override async apply({ reads, writes }: Changes) {
      const [pieces, [readsLeft, writesLeft]] = [500, [[...reads], [...writes]]]
      for (let from = 0; from <= Math.max(reads.size, writes.size); from += pieces) {
        const [some, made] = [readsLeft, writesLeft].map(all => new Map(all.slice(from, from + pieces)))
        if (!(await super.apply({ reads: some as Changes['reads'], writes: made as Changes['writes'] }))) return false
      }
      return true
    }
  },
  class SaysMore extends MemoryManifestDriver {
    static readonly defect = 'maxChanges counts writes alone, and the backend counts reads, too'
    static readonly caughtBy = ['manifest-driver/apply/largest']
    override readonly maxChanges = 100
    override async apply(changes: Changes) {
      if (changes.reads.size + changes.writes.size > 90) throw new Error('too many operations')
      return super.apply(changes)
    }
  },
  class ReadsThenWrites extends MemoryManifestDriver {
    static readonly defect = 'apply checks, and then writes in a second step'
    static readonly caughtBy = ['manifest-driver/concurrency/one-wins', 'manifest-driver/concurrency/write-skew']
    override async apply({ reads, writes }: Changes) {
      for (const [key, value] of reads) if (this.map.values.get(key) !== value) return false
      await turn()
      return super.apply({ reads: none, writes })
    }
  },
  class LocksItself extends MemoryManifestDriver {
    static readonly defect = 'apply waits for others of the same driver, and not for those of another'
    static readonly caughtBy = ['manifest-driver/concurrency/write-skew', 'manifest-driver/concurrency/one-wins']
    #last: Promise<unknown> = Promise.resolve()
    override apply({ reads, writes }: Changes): Promise<boolean> {
      const applying = this.#last.then(async () => {
        for (const [key, value] of reads) if (this.map.values.get(key) !== value) return false
        await turn()
        return super.apply({ reads: none, writes })
      })
      this.#last = applying
      return applying
    }
  },
  class OneByOne extends MemoryManifestDriver {
    static readonly defect = 'apply writes one key after the other, and others see it halfway'
    static readonly caughtBy = ['manifest-driver/concurrency/never-halfway']
    override async apply({ reads, writes }: Changes) {
      for (const [key, value] of reads) if (this.map.values.get(key) !== value) return false
      for (const [key, value] of writes) {
        this.map.set(key, value)
        await turn()
      }
      return true
    }
  },
  class SoonVisible extends MemoryManifestDriver {
    static readonly defect = 'apply resolves before what it writes can be read'
    static readonly caughtBy = ['manifest-driver/apply/told-apart', 'manifest-driver/scan/as-changed']
    override async apply({ reads, writes }: Changes) {
      if (!(await super.apply({ reads, writes: none }))) return false
      void turn().then(() => super.apply({ reads: none, writes }))
      return true
    }
  },
  class IndexLags extends MemoryManifestDriver {
    static readonly defect = 'scans read an index that is written after apply has resolved'
    static readonly caughtBy = ['manifest-driver/scan/as-changed', 'manifest-driver/concurrency/seen-at-once']
    #index: [string, string][] = []
    override async scan({ start, end, limit }: Range) {
      return this.#index.filter(([key]) => key >= start && key < end).slice(0, limit)
    }
    override async apply(changes: Changes) {
      const applied = await super.apply(changes)
      const index = await super.scan({ start: ' ', end: '~~', limit: Number.POSITIVE_INFINITY })
      void turn().then(() => {
        this.#index = index
      })
      return applied
    }
  },
  class Ghosts extends MemoryManifestDriver {
    static readonly defect = 'a deleted key stays in the index, with an empty value'
    static readonly caughtBy = ['manifest-driver/get/deleted', 'manifest-driver/scan/as-changed']
    static readonly #deleted = new WeakMap<SharedMap, Set<string>>()
    override async scan(range: Range) {
      const ghosts = [...(Ghosts.#deleted.get(this.map) ?? [])].filter(key => key >= range.start && key < range.end)
      const there = await super.scan(range)
      const all = [
        ...there,
        ...ghosts.filter(key => !this.map.values.has(key)).map(key => [key, ''] as [string, string]),
      ]
      return all.sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, range.limit)
    }
    override async apply(changes: Changes) {
      const ghosts = Ghosts.#deleted.get(this.map) ?? new Set()
      Ghosts.#deleted.set(this.map, ghosts)
      for (const [key, value] of changes.writes) if (value === undefined && this.map.values.has(key)) ghosts.add(key)
      return super.apply(changes)
    }
  },
  class Boasts extends MemoryManifestDriver {
    static readonly defect = 'the driver says durable and is not'
    static readonly caughtBy = ['manifest-driver/durability/told-truly']
    override readonly persistence = 'durable' as never
  },
  class ClosesAll extends MemoryManifestDriver {
    static readonly defect = 'to close one driver closes the connection of all'
    static readonly caughtBy = ['manifest-driver/durability/closed']
    static readonly #closed = new WeakSet<SharedMap>()
    override async get(keys: readonly string[]) {
      if (ClosesAll.#closed.has(this.map)) throw new Error('the connection is closed')
      return super.get(keys)
    }
    override async close() {
      ClosesAll.#closed.add(this.map)
    }
  },
  class Wipes extends MemoryManifestDriver {
    static readonly defect = 'a driver that opens makes the map anew'
    static readonly caughtBy = ['manifest-driver/durability/closed']
    constructor(map: SharedMap) {
      for (const key of [...map.values.keys()]) map.set(key, undefined)
      super(map)
    }
  },
  class Shares extends MemoryManifestDriver {
    static readonly defect = 'all drivers share one map, whatever they are told'
    static readonly caughtBy = ['manifest-driver/get/isolated']
    static #first: SharedMap | undefined
    constructor(map: SharedMap) {
      Shares.#first ??= map
      super(Shares.#first)
    }
  },
]
