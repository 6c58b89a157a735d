import { type Plan, session, sweeper } from './plan.ts'

/**
 * Generations are forgotten at any moment, since no clock is trusted to say when nobody needs them any more. There are
 * two contents, so that a purge of one meets refs, claims and copies of the other.
 */
export const purgePlans: readonly Plan[] = [
  {
    name: 'purge',
    title: 'content that is reclaimed and purged, and put again, while its sweeper stalls',
    contents: ['x'],
    requires: ['clock'],
    actors: [
      session('A', ['put x', 'release', 'put x', 'commit']),
      sweeper('S', 'sweep'),
      sweeper('T', 'sweep'),
      sweeper('P', 'purge', 'purge'),
    ],
  },
  {
    name: 'purge-elsewhere',
    title: 'a purge of other content, beside a session, two sweepers and content that is committed',
    contents: ['x', 'y'],
    requires: ['clock'],
    actors: [
      session('A', ['put x', 'commit']),
      session('B', ['put y', 'release', 'put y']),
      sweeper('S', 'sweep', 'sweep'),
      sweeper('P', 'purge'),
    ],
  },
  {
    name: 'purge-audit',
    title: 'a purge of other content, an adopter, an audit and a stray blob',
    contents: ['x', 'y'],
    requires: ['clock'],
    strays: [{ content: 'x', generation: 0 }],
    actors: [
      session('A', ['put x', 'commit']),
      session('B', ['put y', 'delete y', 'adopt x a', 'commit']),
      sweeper('U', 'audit'),
      sweeper('P', 'purge'),
    ],
  },
  {
    name: 'purge-strays',
    title: 'a purge between two audits of stray blobs, and a call that fails',
    contents: ['x'],
    requires: ['clock'],
    strays: [
      { content: 'x', generation: 0 },
      { content: 'x', generation: 1 },
    ],
    failures: 1,
    actors: [session('A', ['put x', 'commit']), sweeper('U', 'audit', 'audit'), sweeper('P', 'purge')],
  },
  {
    name: 'clock',
    title: 'a clock that jumps by 26 years, ahead and back, at any step',
    contents: ['x'],
    requires: ['clock'],
    actors: [
      session('A', ['put x', 'commit']),
      session('B', ['put x', 'release', 'put x']),
      sweeper('S', 'sweep-by-clock', 'sweep-by-clock'),
      { name: 'K', does: ['clock ahead', 'clock back', 'clock right'] },
    ],
  },
]
