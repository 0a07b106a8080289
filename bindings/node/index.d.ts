/// <reference types="node" />

/** Something did not work. The message is a sentence for people and holds no value. */
export class LeakwardError extends Error {
  /**
   * What: `not-found`, `deleted`, `denied`, `auth`, `throttled`, `transient`, `deadline`, `breaker-open`, `closed`,
   * `field`, `path`, `usage`, `set-up`, `scan`, `exec` …
   */
  readonly code: string
}

export interface ScannerOptions {
  /** A `.leakward.toml`. */
  settings?: string
  /** Rules in TOML, added to the built-in ones. */
  rules?: string[]
  onlyRules?: string[]
  withoutRules?: string[]
  /** Globs of paths to leave out. */
  exclude?: string[]
  baseline?: string
  minSeverity?: 'low' | 'medium' | 'high' | 'critical'
  minConfidence?: 'low' | 'medium' | 'high'
  /** In bytes. */
  maxFileSize?: number
  /** Whether markers in the text suppress findings; they do unless told otherwise. */
  inlineMarkers?: boolean
  ignoreFiles?: boolean
  threads?: number
  /** In seconds. */
  timeLimit?: number
}

/** Looks for secrets. Made once (that compiles the rules), used as often as needed; scans run beside the event loop. */
export class Scanner {
  constructor (options?: ScannerOptions)
  /** Scans `data` under the name `path`, which may be empty. */
  scanBytes (path: string, data: string | Uint8Array): Promise<Scan>
  /** Scans files and folders, as `leakward scan` does. */
  scanFiles (...paths: string[]): Promise<Scan>
  /** Scans the whole history of the git repository at `place`. */
  scanHistory (place?: string): Promise<Scan>
  /** Scans what the next commit would add. */
  scanStaged (place?: string): Promise<Scan>
  /** Scans what the commits of `range` (`main..HEAD`) bring. */
  scanRange (range: string, place?: string): Promise<Scan>
}

/** What one scan found, skipped and missed. */
export class Scan {
  private constructor ()
  readonly findings: Finding[]
  readonly suppressed: Finding[]
  /** Whether all was read. When not, "no findings" is said of the rest alone. */
  readonly isComplete: boolean
  /** What could not be read, and why. */
  readonly gaps: Array<{ what: string, why: string }>
  readonly skipped: Array<{ reason: string, count: number }>
  readonly notes: string[]
  readonly blobs: number
  readonly bytes: number
  /** In seconds. */
  readonly elapsed: number
}

/** One leaked secret. */
export class Finding {
  private constructor ()
  readonly rule: string
  readonly title: string
  readonly severity: string
  readonly confidence: string
  readonly path: string
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** First byte of the secret in what was scanned. */
  readonly start: number
  /** The byte after its last one. */
  readonly end: number
  readonly commit: string | null
  readonly fingerprint: string
  /** The secret, masked: the form that may be shown. */
  readonly masked: string
  /** The secret itself. */
  expose (): Buffer
}

export interface ClientOptions {
  /** A mapping file that says where each name lives; else the usual variables (`VAULT_ADDR`, `VAULT_TOKEN` …) do. */
  mapFile?: string
  manager?: 'vault' | 'aws' | 'azure' | 'gcp' | 'env'
  /** Seconds after which a value is stale; 300. */
  ttl?: number
  /** Seconds for which a stale value is served while the manager is out of reach; at most `ttl`. */
  maxStale?: number
  /** Longest wait, in seconds, of a read that finds nothing held; 2. */
  timeout?: number
}

export interface GetOptions {
  /** Waits for a fresh value in place of serving a stale one. */
  refuseStale?: boolean
  /** In seconds. */
  timeout?: number
}

export interface ExecOptions {
  /** What happens when a value changes: `restart` (unless told otherwise), `nothing`, or a signal's name. */
  onChange?: string
  /** Seconds to wait at start for a manager that does not answer; 30. */
  wait?: number
  /** Seconds between SIGTERM and SIGKILL at a restart; 10. */
  grace?: number
}

/** Reads secrets through a cache that refreshes itself. Names are `PATH` or `PATH#FIELD`. */
export class Client {
  constructor (options?: ClientOptions)
  /** Reads a secret: at once when a usable value is held, however the manager fares. */
  get (name: string, options?: GetOptions): Promise<Secret>
  /** The fresh value held, if there is one. */
  held (name: string): Secret | null
  /** Says that the value held may be wrong: it is fetched anew. */
  invalidate (name: string): void
  /** The version in force, then each that comes into force. */
  watch (name: string): Watch
  /** Starts a program with secrets in its environment. */
  exec (command: string[], variables: Record<string, string>, options?: ExecOptions): Program
  /** Gives leases back, wipes what is held and ends watches. Later reads fail with the code `closed`. */
  close (): Promise<void>
}

/** A secret as it was read. What `expose` returns is a copy that JavaScript keeps as long as it likes. */
export class Secret {
  private constructor ()
  expose (): Buffer
  exposeText (): string
  /** A field of a value that is a JSON object: `password`, or `db.users.0` for nested ones. */
  field (name: string): Secret
  readonly fieldNames: string[]
  readonly version: string
  readonly isFresh: boolean
  /** For a stale value the seconds since it was brought or confirmed. */
  readonly staleFor: number | null
  readonly staleBecause: string | null
}

/** The changes of one secret; it ends when it or its client is closed. A slow reader gets the newest, not each. */
export class Watch implements AsyncIterableIterator<Secret> {
  private constructor ()
  next (): Promise<IteratorResult<Secret, undefined>>
  return (): Promise<IteratorResult<Secret, undefined>>
  close (): void
  [Symbol.asyncIterator] (): this
}

/** A program that was started, or waits for its values. It gets none of this process's signals. */
export class Program {
  private constructor ()
  /** Its exit code, or 128 and the number of the signal that ended it. */
  wait (): Promise<number>
  /** Sends it `TERM`, `HUP` …; false when it is over. */
  signal (name: string): boolean
  /** What has happened since this was last asked. */
  told (): string[]
}
