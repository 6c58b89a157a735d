/** One copy, by its content and generation: `small@1`. */
export type CopyName = string

/** What a store may hold, given everything that it has answered so far. A world never changes. */
export interface World {
  /** The metadata of each copy, as text. */
  readonly copies: ReadonlyMap<CopyName, string>
  /** Puts that were aborted, and that the backend may still carry out. */
  readonly late: readonly (readonly [name: CopyName, meta: string])[]
}

/** What a call may answer, and what the store holds then. */
export interface Outcome {
  readonly answer: string
  readonly world: World
}

export const emptyWorld: World = { copies: new Map(), late: [] }

/** The world with the copy, which keeps its metadata when it is there. */
export function withCopy(world: World, name: CopyName, meta: string): World {
  return world.copies.has(name) ? world : { ...world, copies: new Map(world.copies).set(name, meta) }
}

export function withoutCopies(world: World, isDeleted: (name: CopyName) => boolean): World {
  return { ...world, copies: new Map([...world.copies].filter(([name]) => !isDeleted(name))) }
}

/** The worlds in which each of the late puts is carried out by now, or is not. */
export function withLatePuts(world: World): World[] {
  let worlds = [world]
  for (const put of world.late) {
    const done = worlds.map(each => ({ ...withCopy(each, ...put), late: each.late.filter(other => other !== put) }))
    worlds = [...worlds, ...done]
  }
  return worlds
}

/** Each of the worlds once. */
export function distinct(worlds: readonly World[]): World[] {
  return [...new Map(worlds.map(world => [textOf(world), world])).values()]
}

function textOf({ copies, late }: World): string {
  return JSON.stringify([[...copies].sort(), [...late].sort()])
}
