export interface ContentRow {
  readonly id: string
  readonly generation: number
  readonly claim: string | null
  readonly claimed_at: number | null
  readonly settled_at: number | null
}

export interface RefRow {
  readonly id: string
  readonly session_id: string
  readonly holder: string
  readonly generation: number
  readonly intent_at: number
  readonly committed_at: number | null
  readonly released_at: number | null
}

/** What is in the tables before the calls begin. */
export interface Scene {
  readonly name: string
  readonly contents: readonly ContentRow[]
  readonly refs: readonly RefRow[]
  readonly floor: number
}

/** When everything in a scene happened. The clocks of actors are later. */
export const long = 100
/** Between the scene and the clocks of actors. */
export const since = 500
/** The token of a claim that a scene has. */
export const oldToken = 'old'

type Content = 'fresh' | 'claimed' | 'settled'
type Ref = 'put' | 'committed' | 'released'

/** A row of content x, y or z at a generation. */
function content(id: string, state: Content = 'fresh', generation = 0): ContentRow {
  const claim = state === 'claimed' ? oldToken : null
  return {
    id,
    generation,
    claim,
    claimed_at: claim && long,
    settled_at: state === 'settled' ? long : null,
  }
}

/** A ref of a session, or of a holder in one: `s`, `s/h`. */
function ref(id: string, who: string, state: Ref, generation = 0): RefRow {
  const [session = '', holder = ''] = who.split('/')
  return {
    id,
    session_id: session,
    holder,
    generation,
    intent_at: long,
    committed_at: state === 'put' ? null : long,
    released_at: state === 'released' ? long : null,
  }
}

/** Calls that only fill up a batch put this. */
const aside = { content: content('z'), ref: ref('z', 'aside', 'committed') }

function scene(name: string, contents: readonly ContentRow[], refs: readonly RefRow[], floor = 0): Scene {
  return { name, contents: [...contents, aside.content], refs: [...refs, aside.ref], floor }
}

/** One content, in each state that it can be in. */
export const ofOne = {
  unknown: scene('unknown', [], []),
  purged: scene('purged', [], [], 3),
  put: scene('put', [content('x')], [ref('x', 's', 'put')]),
  committed: scene('committed', [content('x')], [ref('x', 's', 'committed')]),
  released: scene('released', [content('x')], [ref('x', 's', 'released')]),
  shared: scene(
    'shared',
    [content('x')],
    [ref('x', 's', 'committed'), ref('x', 's/h', 'put'), ref('x', 't', 'released')],
  ),
  claimed: scene('claimed', [content('x', 'claimed', 1)], []),
  settled: scene('settled', [content('x', 'settled', 2)], []),
}

/** Two contents. */
export const ofTwo = {
  unknown: scene('two unknown', [], []),
  put: scene('two put', [content('x'), content('y')], [ref('x', 's', 'put'), ref('y', 's', 'put')]),
  committed: scene(
    'two committed',
    [content('x'), content('y')],
    [ref('x', 's', 'committed'), ref('y', 's', 'committed')],
  ),
  claimed: scene('two claimed', [content('x', 'claimed'), content('y', 'claimed', 2)], []),
  settled: scene('two settled', [content('x', 'settled', 1), content('y', 'settled', 3)], []),
}
