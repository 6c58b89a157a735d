// A file of its own: the declarations of `lmdb` do not compile where those of libraries are checked, so what users
// compile against must not lead there.

export interface LmdbEnvironmentOptions {
  /** The folder of the environment. It is made when it is missing, and must be on a disk of this machine. */
  path: string
}
