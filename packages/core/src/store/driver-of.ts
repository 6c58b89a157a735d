import type { AttachmentDriver } from './driver.ts'

const drivers = new WeakMap<object, AttachmentDriver>()

/**
 * Remembers the driver of a store whose manifest writes intents and bytes in one transaction, or whose driver returns
 * the bytes that it is given.
 */
export function setDriver(store: object, driver: AttachmentDriver): void {
  drivers.set(store, driver)
}

/**
 * The driver that was set for the store, when it is of that class. What wraps a store, or has one as its prototype, may
 * do something else in a put, and has none.
 */
export function driverOf<Driver extends AttachmentDriver>(
  store: object,
  driverClass: abstract new (...given: never) => Driver,
): Driver | undefined {
  const driver = drivers.get(store)
  return driver instanceof driverClass ? driver : undefined
}

/** Whether bytes that were put into the store may be freed as soon as that has resolved. See `AttachmentDriver`. */
export function returnsBytes(store: object): boolean {
  return drivers.get(store)?.returnsBytes === true
}
