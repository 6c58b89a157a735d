/** One thing that a process did to files, as the system saw it. Paths are absolute. */
export type Operation =
  | {
      readonly kind: 'open'
      readonly file: number
      readonly path: string
      readonly create: boolean
      readonly truncate: boolean
    }
  | { readonly kind: 'close'; readonly file: number }
  /** Without an offset: where the last one ended, or where a seek led. Synced: it was on the disk when it ended. */
  | {
      readonly kind: 'write'
      readonly file: number
      readonly data: Uint8Array
      readonly offset?: number
      readonly synced?: true
    }
  | { readonly kind: 'seek'; readonly file: number; readonly position: number }
  | { readonly kind: 'resize'; readonly file: number; readonly byteLength: number }
  /** A sync covers what was done before it began, once it has ended. */
  | { readonly kind: 'sync-begin'; readonly sync: number; readonly file: number }
  | { readonly kind: 'sync-end'; readonly sync: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'mkdir'; readonly path: string }
  | { readonly kind: 'rmdir'; readonly path: string }
  /** The process says how far it is: a line that it printed. */
  | { readonly kind: 'mark'; readonly text: string }
