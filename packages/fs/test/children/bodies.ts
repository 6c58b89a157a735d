/** What the processes of a test put. */
export const meta = { mediaType: 'text/plain' }

/** Few, so that processes put and delete the same ones at the same time. */
export const contended: readonly Uint8Array[] = [0, 1, 2].map(seed => new Uint8Array(64).fill(seed))

/** From small to big enough to be spooled. */
export const staged: readonly Uint8Array<ArrayBuffer>[] = [10, 70_000, 1_500_000].map(length =>
  new Uint8Array(length).map((_byte, index) => index % 253),
)

/** Bigger than what is read in one piece. */
export const bigBody: Uint8Array<ArrayBuffer> = new Uint8Array(2_100_000).fill(5)

/** Bigger than what is held in memory before spooling begins. */
export const halfBody: Uint8Array<ArrayBuffer> = new Uint8Array(1_600_000).fill(7)
