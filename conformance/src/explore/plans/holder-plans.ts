import { type Plan, session, sweeper } from './plan.ts'

/** Drafts, messages and forks: holders of the same bytes, in one session and in two. */
export const holderPlans: readonly Plan[] = [
  {
    name: 'holders',
    title: 'two messages of one chat that show the same bytes under names of their own, a sweeper',
    contents: ['x'],
    actors: [
      { name: 'A', session: 'a', holder: 'm', does: ['put x', 'commit', 'put x', 'release'] },
      { name: 'B', session: 'a', holder: 'n', does: ['put x', 'commit', 'read x', 'put x', 'commit'] },
      sweeper('S', 'sweep', 'sweep'),
    ],
  },
  {
    name: 'whole-session',
    title: 'a chat that is deleted while a message in it is sent, and another chat, a sweeper',
    contents: ['x'],
    actors: [
      { name: 'A', session: 'a', does: ['put x', 'commit', 'release'] },
      { name: 'B', session: 'a', holder: 'm', does: ['put x', 'commit', 'delete x'] },
      session('C', ['put x', 'commit']),
      sweeper('S', 'sweep'),
    ],
  },
  {
    name: 'draft',
    title: 'a message adopts what its draft has committed, which then goes, two sweepers',
    contents: ['x'],
    actors: [
      { name: 'A', session: 'a', holder: 'draft', does: ['put x', 'commit', 'release'] },
      { name: 'B', session: 'a', holder: 'm', does: ['adopt x a/draft', 'commit', 'release'] },
      sweeper('S', 'sweep'),
      sweeper('T', 'sweep'),
    ],
  },
  {
    name: 'fork',
    title: 'a chat adopts from another one what that puts, deletes and puts again, a sweeper',
    contents: ['x'],
    actors: [
      session('A', ['put x', 'delete x', 'put x', 'commit']),
      session('B', ['adopt x a', 'commit']),
      sweeper('S', 'sweep'),
    ],
  },
  {
    name: 'adopt-twice',
    title: 'two processes of one message, of which one adopts and the other puts, a sweeper',
    contents: ['x'],
    actors: [
      session('A', ['put x']),
      { name: 'B', session: 'b', holder: 'm', does: ['adopt x a', 'commit'] },
      { name: 'C', session: 'b', holder: 'm', does: ['put x', 'commit'] },
      sweeper('S', 'sweep'),
    ],
  },
]
