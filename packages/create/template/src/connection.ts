/** What is given to open the backend: an address, credentials, a client of yours. */
export interface MyBackendOptions {
  /** A path, a URL, a schema or a prefix of keys. What has another location shares nothing with this one. */
  location: string
}

/** An open backend. */
export interface MyBackendConnection {
  close(): Promise<void>
}

/** Opens the backend, or gets ready to open it with the first call. */
export function connect({ location }: MyBackendOptions): MyBackendConnection {
  throw new Error(
    `connect() in src/connection.ts is not written yet: open ${location}, and give what the methods of the drivers need`,
  )
}
