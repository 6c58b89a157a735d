/** `node --import <this file>?NORMAL ...`: every connection gets this `synchronous` instead of the one it asks for. */
import Database from 'better-sqlite3'

const weaker = new URL(import.meta.url).search.slice(1)
const pragma = Database.prototype.pragma

Database.prototype.pragma = function (this: Database.Database, source, options) {
  return pragma.call(this, source.replace(/^synchronous = \w+$/, `synchronous = ${weaker}`), options)
}
