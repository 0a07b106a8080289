'use strict'

const native = require('./leakward.node')

/** Something did not work; `code` says what. */
class LeakwardError extends Error {
  constructor (code, message) {
    super(message)
    this.name = 'LeakwardError'
    this.code = code
  }
}

function translated (error) {
  const [code, message] = String(error?.message).split(/\n(.*)/s)
  return message === undefined ? error : new LeakwardError(code, message)
}

/** `call`, with the module's own failures as `LeakwardError`. */
function guarded (call) {
  return function (...args) {
    let outcome
    try {
      outcome = call.apply(this, args)
    } catch (error) {
      throw translated(error)
    }
    if (!(outcome instanceof Promise)) return outcome
    return outcome.catch(error => { throw translated(error) })
  }
}

for (const Class of [native.Scanner, native.Client, native.Secret, native.Watch, native.Program]) {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
    if (name === 'constructor' || typeof property.value !== 'function') continue
    Object.defineProperty(Class.prototype, name, { ...property, value: guarded(property.value) })
  }
}

class Scanner extends native.Scanner {
  constructor (options) {
    try {
      super(options)
    } catch (error) {
      throw translated(error)
    }
  }

  scanBytes (path, data) {
    return this.scanBuffer(path, typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  }

  scanFiles (...paths) {
    return super.scanFiles(paths)
  }

  scanHistory (place = '.') {
    return super.scanHistory(place)
  }

  scanStaged (place = '.') {
    return super.scanStaged(place)
  }

  scanRange (range, place = '.') {
    return super.scanRange(range, place)
  }
}

class Client extends native.Client {
  constructor (options) {
    try {
      super(options)
    } catch (error) {
      throw translated(error)
    }
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')] () {
    await this.close()
  }
}

Object.assign(native.Watch.prototype, {
  async next () {
    const value = await this.nextVersion()
    return value === null ? { value: undefined, done: true } : { value, done: false }
  },
  async return () {
    this.close()
    return { value: undefined, done: true }
  },
  [Symbol.asyncIterator] () {
    return this
  }
})

module.exports = {
  LeakwardError,
  Scanner,
  Scan: native.Scan,
  Finding: native.Finding,
  Client,
  Secret: native.Secret,
  Watch: native.Watch,
  Program: native.Program
}
