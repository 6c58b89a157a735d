import { setFlagsFromString } from 'node:v8'

/**
 * For commands that go through a whole store: collects garbage whenever there is a megabyte of it, where a heap that
 * grows would wait for more. A megabyte of small objects may hold tens of megabytes of buffers, such as those of a
 * connection, which nobody but a collection frees.
 */
export function collectOften(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
