import { holderPlans } from './holder-plans.ts'
import { type Operation, type Plan, session, sweeper } from './plan.ts'
import { purgePlans } from './purge-plans.ts'

const turn: readonly Operation[] = ['put x', 'commit']
const twoTurns: readonly Operation[] = [...turn, 'release', ...turn]

/**
 * The plans of the explorer. Each is as small as the losses that it is there to find. Together they have every
 * operation, every kind of commit, and every way to share bytes.
 */
export const plans: readonly Plan[] = [
  {
    name: 'one-session',
    title: 'one session, one sweeper',
    contents: ['x'],
    actors: [session('A', twoTurns), sweeper('S', 'sweep', 'sweep')],
  },
  {
    name: 'two-sweepers',
    title: 'a session of two turns and one of one, a sweeper of two rounds and one of one',
    contents: ['x'],
    actors: [
      session('A', twoTurns),
      session('B', [...turn, 'release']),
      sweeper('S', 'sweep', 'sweep'),
      sweeper('T', 'sweep'),
    ],
  },
  {
    name: 'probing-store',
    title: 'two sessions, two sweepers, a store that looks before it writes',
    contents: ['x'],
    probes: true,
    actors: [
      session('A', [...turn, 'release', 'put x']),
      session('B', turn),
      sweeper('S', 'sweep'),
      sweeper('T', 'sweep'),
    ],
  },
  {
    name: 'audit',
    title: 'two sessions, a sweep, an audit, a stray blob',
    contents: ['x'],
    strays: [{ content: 'x', generation: 0 }],
    actors: [
      session('A', [...turn, 'release', 'put x']),
      session('B', turn),
      sweeper('S', 'sweep'),
      sweeper('U', 'audit', 'audit'),
    ],
  },
  {
    name: 'audits',
    title: 'a session that deletes, two audits over stray blobs of later generations',
    contents: ['x'],
    strays: [
      { content: 'x', generation: 1 },
      { content: 'x', generation: 2 },
    ],
    actors: [session('A', ['put x', 'delete x', 'put x', 'commit']), sweeper('U', 'audit'), sweeper('V', 'audit')],
  },
  {
    name: 'delete',
    title: 'two sessions that delete what they share, one sweeper',
    contents: ['x'],
    actors: [session('A', [...turn, 'delete x', ...turn]), session('B', [...turn, 'delete x']), sweeper('S', 'sweep')],
  },
  {
    name: 'threads',
    title: 'two threads of one session-scoped store, two sweepers',
    contents: ['x'],
    actors: [
      { name: 'A', session: 'a', shares: 'a', does: turn },
      { name: 'B', session: 'a', shares: 'a', does: turn },
      sweeper('S', 'sweep'),
      sweeper('T', 'sweep'),
    ],
  },
  {
    name: 'processes',
    title: 'two processes of one session, two sweepers, commits by ref',
    contents: ['x'],
    actors: [
      { name: 'A', session: 'a', does: ['put x', 'commit-refs', 'put x', 'commit-refs'] },
      { name: 'B', session: 'a', does: ['put x', 'commit-refs', 'release'] },
      sweeper('S', 'sweep'),
      sweeper('T', 'sweep'),
    ],
  },
  {
    name: 'bare-ids',
    title: 'commits by bare id, a call that fails, two sweepers',
    contents: ['x'],
    failures: 1,
    actors: [session('A', ['put x', 'put x', 'commit-ids']), sweeper('S', 'sweep'), sweeper('T', 'sweep')],
  },
  {
    name: 'lost-replies',
    title: 'two sessions, one sweeper, a call that fails before or after it took effect',
    contents: ['x'],
    failures: 1,
    actors: [session('A', [...turn, ...turn]), session('B', [...turn, 'delete x']), sweeper('S', 'sweep')],
  },
  {
    name: 'two-contents',
    title: 'all or nothing over two contents, of which another session holds one',
    contents: ['x', 'y'],
    actors: [
      session('A', ['put x', 'put y', 'commit', 'read x']),
      session('B', ['put y', 'commit', 'release']),
      sweeper('S', 'sweep', 'sweep'),
    ],
  },
  {
    name: 'transaction',
    title: 'commits in transactions of the host, one of which it rolls back',
    contents: ['x'],
    requires: ['transaction'],
    actors: [
      session('A', ['put x', 'transaction', 'release']),
      session('B', ['put x', 'rollback', 'transaction']),
      sweeper('S', 'sweep', 'sweep'),
      sweeper('U', 'audit'),
    ],
  },
  ...holderPlans,
  ...purgePlans,
]
