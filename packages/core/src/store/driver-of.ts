import type { AttachmentDriver } from './driver.ts'

const drivers = new WeakMap<object, AttachmentDriver>()

/** For a store whose manifest writes intents and bytes in one transaction: remembers the store's driver. */
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
